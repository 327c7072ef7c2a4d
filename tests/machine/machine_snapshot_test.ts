import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { AlarmType } from "../../src/machine/alarms.ts";
import { Machine } from "../../src/machine/machine.ts";
import { DamagedSnapshotError } from "../../src/mvcc/segment.ts";
import { AlarmAction } from "../../src/proto/maintenance.ts";
import * as make from "./batches.ts";

const { applyAll, batch, bytes, contents, putText, restarted, smallMachine } = make;

/** A machine with something in each of its parts and several segments. */
function fullMachine(): Machine {
  const machine = smallMachine();
  machine.apply(batch([putText("own", "1")], { origin: 1n, number: 4, clockMs: 5_000 }));
  applyAll(
    machine,
    make.leaseGrant({ id: 8n, ttl: 600 }),
    putText("leased", "2", { lease: 8n }),
    make.put({ key: bytes("known"), value: bytes("3") }, { client: 5n, sequence: 9 }),
  );
  for (let i = 0; i < 20; i++) applyAll(machine, putText(`k${i % 4}`, "x".repeat(90)));
  machine.applyMembershipChange({ kind: "remove", id: 2n });
  applyAll(
    machine,
    make.alarm({ action: AlarmAction.ACTIVATE, memberId: 1n, alarm: AlarmType.NoSpace }),
  );
  return machine;
}

Deno.test("Machine.restore() brings back every part of the machine", () => {
  const machine = fullMachine();
  const copy = restarted(machine);
  assertEquals(copy.hash(), machine.hash());
  assertEquals(contents(copy), contents(machine));
  assertEquals(copy.store.revision, machine.store.revision);
  assertEquals(copy.leases.keysOf(8n), [bytes("leased")]);
  assertEquals([copy.leases.clockMs, copy.leases.get(8n)?.endsMs], [5_000, 605_000]);
  assertEquals(copy.members.list(), machine.members.list());
  assertEquals(copy.members.wasRemoved(2n), true);
  assertEquals(copy.alarms.get(AlarmType.None), [{ memberId: 1n, alarm: AlarmType.NoSpace }]);
  assertEquals(copy.apply(batch([], { origin: 1n, number: 4 })).duplicate, true);
  assertEquals(copy.apply(batch([], { origin: 1n, number: 3 })).duplicate, false);
  const retry = make.put({ key: bytes("known"), value: bytes("3") }, { client: 5n, sequence: 9 });
  assertEquals(make.applyOne(copy, retry), { reason: null, response: {}, revision: 4 });
});

Deno.test("Machine.restore() forgets what the machine held before", () => {
  const other = fullMachine();
  applyAll(
    other,
    make.alarm({ action: AlarmAction.DEACTIVATE, memberId: 1n, alarm: AlarmType.NoSpace }),
    make.leaseGrant({ id: 9n, ttl: 60 }),
    putText("more", "4", { lease: 9n }),
    make.put({ key: bytes("more") }, { client: 6n, sequence: 1 }),
  );
  const { header, segments } = smallMachine().snapshot();
  other.restore(header, segments);
  assertEquals(other.hash(), smallMachine().hash());
  assertEquals([other.leases.size, other.leases.attachedKeyCount], [0, 0]);
});

Deno.test("Machine.restoreInSteps() leaves the machine as it was until the last step", () => {
  const machine = smallMachine();
  const before = machine.hash();
  const { header, segments } = fullMachine().snapshot();
  const copies = segments.map(({ bytes }) => ({ bytes: bytes.slice() }));
  let steps = 0;
  for (const _step of machine.restoreInSteps(header, copies)) {
    assertEquals(machine.hash(), before);
    steps++;
  }
  assert(steps >= segments.length, `${steps} steps for ${segments.length} segments`);
  assertEquals(machine.hash(), fullMachine().hash());
  assertEquals(contents(machine), contents(fullMachine()));
});

Deno.test("Machine.hash() differs when any part differs", () => {
  const changes: ((machine: Machine) => unknown)[] = [
    (machine) => machine.apply(batch([], { origin: 3n })),
    (machine) => applyAll(machine, make.leaseGrant({ id: 8n, ttl: 1 })),
    (machine) => applyAll(machine, putText("k", "v")),
    (machine) =>
      applyAll(machine, make.deleteRange({ key: bytes("k") }, { client: 1n, sequence: 1 })),
    (machine) => applyAll(machine, make.alarm({ action: 1, memberId: 1n, alarm: 1 })),
    (machine) => machine.applyMembershipChange({ kind: "remove", id: 1n }),
  ];
  const hashes = [
    smallMachine,
    ...changes.map((change) => () => {
      const machine = smallMachine();
      change(machine);
      return machine;
    }),
  ].map((made) => made().hash());
  assertEquals(new Set(hashes).size, hashes.length);
});

Deno.test("Machine.snapshot() shares what is sealed instead of copying it", () => {
  const machine = fullMachine();
  const first = machine.snapshot().segments;
  applyAll(machine, make.deleteRange({ key: bytes("k1") }));
  const second = machine.snapshot().segments;
  assert(first.length > 3);
  for (let i = 0; i < first.length - 1; i++) {
    assertStrictEquals(first[i].bytes.buffer, second[i].bytes.buffer);
    assertEquals([first[i].id, first[i].byteLength], [second[i].id, second[i].bytes.length]);
  }
});

Deno.test("Machine.restore() refuses a damaged snapshot and leaves the machine as it was", () => {
  const { header, segments } = fullMachine().snapshot();
  const machine = smallMachine();
  applyAll(machine, putText("mine", "1"));
  const before = machine.hash();
  const refuse = (badHeader: Uint8Array, badSegments: readonly { bytes: Uint8Array }[]) => {
    assertThrows(() => machine.restore(badHeader, badSegments), DamagedSnapshotError);
    assertEquals(machine.hash(), before);
  };
  for (let at = 0; at < header.length; at++) {
    const flipped = header.slice();
    flipped[at] ^= 1 << (at % 8);
    refuse(flipped, segments);
    refuse(header.subarray(0, at), segments);
  }
  refuse(header, segments.slice(1));
  refuse(header, [...segments].reverse());
  const flipped = segments[0].bytes.slice();
  flipped[70] ^= 1;
  refuse(header, [{ bytes: flipped }, ...segments.slice(1)]);
});

Deno.test("Machine.watches hears of what batches change and of nothing that they leave", () => {
  const machine = new Machine();
  let readyCount = 0;
  const stream = machine.watches.openStream(() => readyCount++);
  stream.create({
    key: bytes("k"),
    rangeEnd: new Uint8Array(0),
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
  });
  while (stream.take() !== null);
  readyCount = 0;
  applyAll(
    machine,
    putText("other", "1"),
    putText("k", "2"),
    make.deleteRange({ key: bytes("x") }),
  );
  const response = stream.take();
  assertEquals(response?.events.map(({ kv }) => [kv.value, kv.modRevision]), [[bytes("2"), 3]]);
  assertEquals(stream.take(), null);
  assertEquals(readyCount, 1);
  stream.close();
});
