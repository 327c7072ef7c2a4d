import { assert, assertEquals, assertThrows } from "@std/assert";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import { concatBytes } from "../../src/base/bytes.ts";
import { Machine } from "../../src/machine/machine.ts";
import { AlarmType } from "../../src/machine/alarms.ts";
import { decodeSnapshotFile, encodeSnapshotFile } from "../../src/machine/snapshot_file.ts";

const DIGEST = new Uint8Array(32);

function filled(): Machine {
  const machine = new Machine({ segmentBytes: 300 });
  for (let i = 0; i < 20; i++) {
    const txn = machine.store.begin();
    txn.put(Uint8Array.of(i % 3), new Uint8Array(50).fill(i), 0n);
    txn.end();
  }
  return machine;
}

function fileOf(machine: Machine): Uint8Array {
  const snapshot = machine.snapshot();
  const parts = encodeSnapshotFile({ clusterId: 0xffn << 56n, index: 21, term: 3, ...snapshot });
  return concatBytes([...parts, DIGEST]);
}

Deno.test("decodeSnapshotFile() reads what encodeSnapshotFile() wrote", () => {
  const machine = filled();
  const bytes = fileOf(machine);
  assertEquals(bytes.length % 512, 32, "etcdctl looks at this");
  const file = decodeSnapshotFile(bytes);
  assertEquals([file.clusterId, file.index, file.term], [0xffn << 56n, 21, 3]);
  assert(file.segments.length > 3);
  const copy = new Machine({ segmentBytes: 300 });
  copy.restore(file.header, file.segments);
  assertEquals(copy.hash(), machine.hash());
});

Deno.test("decodeSnapshotFile() refuses what is no snapshot of its version", () => {
  const bytes = fileOf(filled());
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "does not begin"],
    [new TextEncoder().encode("SQLite format 3"), "does not begin"],
    [bytes.slice(0, 100), "Cannot read"],
    [bytes.with(8, 9), "version 9"],
  ];
  for (const [damaged, expected] of cases) {
    assertThrows(() => decodeSnapshotFile(damaged), MalformedBytesError, expected);
  }
});

Deno.test("Machine.refound() keeps the keys, and nothing of the old members", () => {
  const machine = filled();
  const member = (id: bigint) => ({
    id,
    name: `n${id}`,
    peerUrls: [`http://${id}:2380`],
    clientUrls: [],
    isLearner: false,
    instanceId: new Uint8Array(0),
  });
  machine.members.bootstrap([member(1n), member(2n)]);
  machine.applyMembershipChange({ kind: "remove", id: 2n });
  machine.alarms.activate(1n, AlarmType.NoSpace);
  const { revision } = machine.store;
  machine.refound([member(2n), member(7n)]);
  assertEquals(machine.members.list().map(({ id }) => id), [2n, 7n]);
  assert(!machine.members.wasRemoved(2n));
  assertEquals(machine.alarms.get(AlarmType.None), []);
  assertEquals([machine.store.revision, machine.store.keyCount], [revision, 3]);
});
