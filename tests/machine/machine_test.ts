import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteReader, MalformedBytesError } from "../../src/base/byte_reader.ts";
import { AlarmType } from "../../src/machine/alarms.ts";
import { IDENTITY_RESPONSE_BYTES_MAX, IDENTITY_WINDOW } from "../../src/machine/identity_table.ts";
import { Machine } from "../../src/machine/machine.ts";
import { encodeMemberAttributes } from "../../src/machine/member_attributes.ts";
import { NO_INSTANCE } from "../../src/machine/membership_change.ts";
import { create } from "../../src/proto/codec.ts";
import {
  type Command,
  CommandKind,
  decodeBatchHead,
  decodeStamp,
} from "../../src/proto/command.ts";
import * as kv from "../../src/proto/kv.ts";
import { AlarmAction } from "../../src/proto/maintenance.ts";
import * as make from "./batches.ts";

const { applyAll, applyOne, batch, bytes, contents, putText } = make;
const header = (revision: number) => ({ clusterId: 0n, memberId: 0n, revision, raftTerm: 0 });

function kvOf(key: string, value: string, revisions: [number, number, number], lease = 0n) {
  const [createRevision, modRevision, version] = revisions;
  return { key: bytes(key), createRevision, modRevision, version, value: bytes(value), lease };
}

Deno.test("Machine.apply() gives each command of a batch a revision of its own", () => {
  const machine = new Machine();
  const { results } = applyAll(
    machine,
    putText("a", "1"),
    putText("a", "2", { prevKv: true }),
    make.deleteRange({ key: bytes("a"), rangeEnd: bytes("z"), prevKv: true }),
    make.deleteRange({ key: bytes("a") }),
  );
  assertEquals(results, [
    { reason: null, response: {}, revision: 2 },
    { reason: null, response: { prevKv: kvOf("a", "1", [2, 2, 1]) }, revision: 3 },
    {
      reason: null,
      response: { deleted: 1, prevKvs: [kvOf("a", "2", [2, 3, 2])] },
      revision: 4,
    },
    { reason: null, response: { deleted: 0, prevKvs: [] }, revision: 4 },
  ]);
});

Deno.test("Machine.apply() answers a transaction as etcd does, headers included", () => {
  const machine = new Machine();
  const range = create(kv.RangeRequest, { key: bytes("k") });
  const nested = create(kv.TxnRequest, { success: [{ requestRange: range }] });
  const result = applyOne(
    machine,
    make.txn({
      compare: [create(kv.Compare, { key: bytes("k"), target: kv.CompareTarget.CREATE })],
      success: [
        { requestPut: create(kv.PutRequest, { key: bytes("k"), value: bytes("v") }) },
        { requestTxn: nested },
        { requestDeleteRange: create(kv.DeleteRangeRequest, { key: bytes("x") }) },
      ],
    }),
  );
  const kvs = [kvOf("k", "v", [2, 2, 1])];
  assertEquals(result.response, {
    succeeded: true,
    responses: [
      { responsePut: { header: header(2) } },
      {
        responseTxn: {
          header: header(0),
          succeeded: true,
          responses: [{ responseRange: { header: header(2), kvs, more: false, count: 1 } }],
        },
      },
      { responseDeleteRange: { header: header(2), deleted: 0, prevKvs: [] } },
    ],
  });
  assertEquals([result.reason, result.revision], [null, 2]);
});

Deno.test("Machine.apply() refuses what the edge should have refused, and changes nothing", () => {
  const machine = new Machine();
  const badSort = create(kv.RangeRequest, { key: bytes("k"), sortTarget: 9 });
  const requestPut = create(kv.PutRequest, { key: bytes("k") });
  const before = machine.hash();
  const refused = applyAll(
    machine,
    make.put({ value: bytes("v") }),
    make.put({ key: bytes("k"), lease: 7n }),
    make.put({ key: bytes("k"), ignoreValue: true }),
    make.deleteRange({}),
    make.txn({ success: [{ requestRange: badSort }] }),
    make.txn({ success: [{ requestPut }, { requestPut }] }),
    make.txn({ success: [{ requestPut: { ...requestPut, lease: 7n } }] }),
    make.compaction({ revision: 5 }),
    make.leaseGrant({ id: 1n, ttl: 9_000_000_001 }),
    make.leaseGrant({ id: 1n, ttl: 0 }),
    make.leaseGrant({ id: 0n, ttl: 5 }),
    make.leaseRevoke({ id: 1n }),
    make.alarm({ action: 9 }),
    make.alarm({ alarm: 9 }),
    { kind: CommandKind.Put, body: Uint8Array.of(0xff), identity: null },
  ).results;
  assertEquals(refused.map(({ reason }) => reason), [
    "key not provided",
    "lease not found",
    "key not found",
    "key not provided",
    "invalid sort option",
    "duplicate key",
    "lease not found",
    "future revision",
    "lease ttl too large",
    "malformed command",
    "malformed command",
    "lease not found",
    "malformed command",
    "malformed command",
    "malformed command",
  ]);
  assertEquals(machine.hash(), before);
});

Deno.test("Machine.apply() throws on what this program does not know, so that the replica stops", () => {
  const whole = batch([putText("a", "1")]);
  const kindAt = (() => {
    const reader = new ByteReader(whole);
    decodeStamp(reader);
    decodeBatchHead(reader);
    return reader.offset;
  })();
  const olderVersion = whole.slice();
  olderVersion[0] = 1;
  const newerBatch = whole.slice();
  newerBatch[2] = 2;
  const unknownKind = whole.slice();
  unknownKind[kindAt] = 100;
  for (
    const bad of [
      olderVersion,
      newerBatch,
      unknownKind,
      whole.subarray(0, -1),
      Uint8Array.of(...whole, 0),
    ]
  ) {
    assertThrows(() => new Machine().apply(bad), MalformedBytesError);
  }
});

Deno.test("Machine.apply() attaches keys to leases, moves them and takes them off", () => {
  const machine = new Machine();
  applyAll(machine, make.leaseGrant({ id: 1n, ttl: 60 }), make.leaseGrant({ id: 2n, ttl: 60 }));
  applyAll(
    machine,
    putText("a", "", { lease: 1n }),
    putText("b", "", { lease: 1n }),
    putText("c", "", { lease: 1n }),
    putText("d", "", { lease: 1n }),
    putText("b", "", { lease: 2n }),
    putText("c", ""),
    putText("d", "2", { ignoreLease: true }),
    make.deleteRange({ key: bytes("a") }),
  );
  assertEquals(machine.leases.keysOf(1n), [bytes("d")]);
  assertEquals(machine.leases.keysOf(2n), [bytes("b")]);
});

Deno.test("Machine.apply() of a revocation deletes the lease's keys in order at one revision", () => {
  const machine = new Machine();
  applyAll(
    machine,
    make.leaseGrant({ id: -5n, ttl: 60 }),
    putText("b", "", { lease: -5n }),
    putText("a", "", { lease: -5n }),
    putText("c", "stays"),
  );
  assertEquals(applyOne(machine, make.leaseGrant({ id: -5n, ttl: 9 })).reason, "lease exists");
  const revoked = applyOne(machine, make.leaseRevoke({ id: -5n }));
  assertEquals(revoked, { reason: null, response: {}, revision: 5 });
  assertEquals(contents(machine), { c: "stays" });
  assertEquals(applyOne(machine, make.leaseRevoke({ id: -5n })).reason, "lease not found");
  const empty = applyAll(
    machine,
    make.leaseGrant({ id: 7n, ttl: 3 }),
    make.leaseRevoke({ id: 7n }),
  );
  assertEquals(empty.results.map(({ revision }) => revision), [5, 5]);
});

Deno.test("Machine.apply() gives a renewed lease its full time from the entry's stamp", () => {
  const machine = new Machine();
  const at = (clockMs: number, command: Command) =>
    machine.apply(batch([command], { clockMs })).results[0].response;
  at(1_000, make.leaseGrant({ id: 1n, ttl: 10 }));
  assertEquals(machine.leases.get(1n)?.endsMs, 11_000);
  assertEquals(at(20_000, make.leaseRenew({ id: 1n })), { id: 1n, ttl: 10 });
  assertEquals(machine.leases.get(1n)?.endsMs, 30_000);
  assertEquals(at(20_000, make.leaseRenew({ id: 2n })), { id: 2n, ttl: 0 });
});

Deno.test("Machine.apply() ends no lease before the log's clock has run its time", () => {
  const machine = new Machine();
  const at = (clockMs: number, ...commands: Command[]) =>
    machine.apply(batch(commands, { clockMs })).results.map(({ reason, response }) =>
      reason ?? response
    );
  at(1_000, make.leaseGrant({ id: 1n, ttl: 10 }), putText("a", "", { lease: 1n }));
  const expire = make.leaseExpire({ id: 1n });
  assertEquals(at(10_999, expire), [{}]);
  at(10_999, make.leaseRenew({ id: 1n }));
  // What a deposed leader has seen coming: the renewal was in the log before it.
  assertEquals(at(11_000, expire, expire), [{}, {}]);
  assertEquals(contents(machine), { a: "" });
  assertEquals(at(20_999, expire, expire, make.leaseRevoke({ id: 1n })), [
    {},
    {},
    "lease not found",
  ]);
  assertEquals(contents(machine), {});
});

Deno.test("Machine.apply() takes the clock of a doubled batch too, and no stamp turns it back", () => {
  const machine = new Machine();
  const grant = make.leaseGrant({ id: 1n, ttl: 10 });
  machine.apply(batch([grant], { origin: 1n, clockMs: 1_000 }));
  assertEquals(machine.apply(batch([grant], { origin: 1n, clockMs: 5_000 })).duplicate, true);
  assertEquals(machine.leases.clockMs, 5_000);
  machine.apply(batch([make.leaseRenew({ id: 1n })], { clockMs: 2_000 }));
  assertEquals(machine.leases.get(1n)?.endsMs, 15_000);
});

Deno.test("Machine.apply() refuses what adds data under NOSPACE and every write under CORRUPT", () => {
  const requestPut = create(kv.PutRequest, { key: bytes("k") });
  const requestDeleteRange = create(kv.DeleteRangeRequest, { key: bytes("k") });
  const requestTxn = create(kv.TxnRequest, { failure: [{ requestPut }] });
  const commands = [
    putText("k", "v"),
    make.leaseGrant({ id: 2n, ttl: 60 }),
    make.txn({ failure: [{ requestPut }] }),
    make.txn({ success: [{ requestTxn }] }),
    make.txn({ success: [{ requestDeleteRange }] }),
    make.deleteRange({ key: bytes("k") }),
    make.compaction({ revision: 2 }),
    make.leaseRevoke({ id: 1n }),
  ];
  const reasons = (alarm: number) => {
    const machine = new Machine();
    applyAll(machine, putText("k", "v"), make.leaseGrant({ id: 1n, ttl: 60 }));
    applyOne(machine, make.alarm({ action: AlarmAction.ACTIVATE, memberId: 3n, alarm }));
    const results = applyAll(machine, ...commands).results.map(({ reason }) => reason);
    applyOne(machine, make.alarm({ action: AlarmAction.DEACTIVATE, memberId: 3n, alarm }));
    assertEquals(applyOne(machine, putText("k", "v")).reason, null);
    return results;
  };
  const [full, none] = ["no space", null];
  assertEquals(reasons(AlarmType.NoSpace), [full, full, full, full, none, none, none, none]);
  assertEquals(reasons(AlarmType.Corrupt), commands.map(() => "corrupt"));
});

Deno.test("Machine.apply() answers alarm requests with the alarms that they concern", () => {
  const machine = new Machine();
  const ask = (action: number, memberId: bigint, alarm: number) =>
    applyOne(machine, make.alarm({ action, memberId, alarm })).response;
  const { GET, ACTIVATE, DEACTIVATE } = AlarmAction;
  const space = { memberId: 1n, alarm: AlarmType.NoSpace };
  const corrupt = { memberId: 2n, alarm: AlarmType.Corrupt };
  assertEquals(ask(ACTIVATE, 1n, AlarmType.None), { alarms: [] });
  assertEquals(ask(ACTIVATE, 1n, AlarmType.NoSpace), { alarms: [space] });
  assertEquals(ask(ACTIVATE, 2n, AlarmType.Corrupt), { alarms: [corrupt] });
  assertEquals(ask(GET, 9n, AlarmType.None), { alarms: [space, corrupt] });
  assertEquals(ask(GET, 9n, AlarmType.Corrupt), { alarms: [corrupt] });
  assertEquals(ask(DEACTIVATE, 2n, AlarmType.NoSpace), { alarms: [] });
  assertEquals(ask(DEACTIVATE, 1n, AlarmType.NoSpace), { alarms: [space] });
});

Deno.test("Machine.apply() notes the attributes of a member", () => {
  const machine = new Machine();
  const member = { id: 4n, name: "", peerUrls: ["http://p"], clientUrls: [], isLearner: false };
  machine.members.bootstrap([{ ...member, instanceId: NO_INSTANCE }]);
  const attributes = { name: "four", clientUrls: ["http://c"], instanceId: new Uint8Array(16) };
  const publish = (id: bigint) =>
    applyOne(machine, {
      kind: CommandKind.MemberAttributes,
      body: encodeMemberAttributes({ id, ...attributes }),
      identity: null,
    }).reason;
  assertEquals([publish(4n), publish(5n)], [null, "member not found"]);
  assertEquals(machine.members.get(4n), { ...member, ...attributes });
});

Deno.test("Machine.apply() applies a batch once, whoever sends it again", () => {
  const machine = new Machine();
  const first = batch([putText("a", "1")], { origin: 1n, number: 1 });
  const second = batch([putText("a", "2")], { origin: 1n, number: 2 });
  assertEquals(machine.apply(second).duplicate, false);
  assertEquals(machine.apply(first).duplicate, false);
  const again = machine.apply(second);
  assertEquals([again.duplicate, again.results, again.number], [true, [], 2]);
  assertEquals([contents(machine), machine.store.revision], [{ a: "1" }, 3]);
});

Deno.test("Machine.applyMembershipChange() shuts out a removed member's batches for ever", () => {
  const machine = new Machine();
  const member = { id: 1n, name: "", peerUrls: [], clientUrls: [], isLearner: false };
  machine.members.bootstrap([{ ...member, instanceId: NO_INSTANCE }]);
  const data = batch([putText("a", "1")], { origin: 1n, number: 1 });
  machine.apply(data);
  assertEquals(machine.applyMembershipChange({ kind: "remove", id: 1n }), null);
  assertEquals(machine.applyMembershipChange({ kind: "remove", id: 1n }), "member not found");
  assertEquals(machine.apply(data).duplicate, true);
  assertEquals(machine.store.revision, 2);
});

Deno.test("Machine.apply() answers a retry of a request with what it answered first", () => {
  let machine = new Machine();
  const identity = { client: 77n, sequence: 5 };
  const request = { key: bytes("a"), value: bytes("1"), prevKv: true };
  applyOne(machine, putText("a", "0".repeat(100_000)));
  const first = applyOne(machine, make.put(request, identity));
  applyOne(machine, putText("a", "2"));
  machine = make.restarted(machine);
  assertEquals(applyOne(machine, make.put(request, identity)), first);
  assertEquals(contents(machine), { a: "2" });
});

Deno.test("Machine.apply() keeps refusals too: a request that was refused is never applied later", () => {
  const machine = new Machine();
  const request = make.put({ key: bytes("a"), lease: 1n }, { client: 7n, sequence: 1 });
  assertEquals(applyOne(machine, request).reason, "lease not found");
  applyOne(machine, make.leaseGrant({ id: 1n, ttl: 60 }));
  assertEquals(applyOne(machine, request).reason, "lease not found");
  assertEquals(contents(machine), {});
});

Deno.test("Machine.apply() says when a request is too old, or its answer too long, to answer again", () => {
  const machine = new Machine();
  const key = bytes("a");
  const identity = { client: 7n, sequence: 1 };
  applyOne(machine, make.put({ key, value: new Uint8Array(IDENTITY_RESPONSE_BYTES_MAX) }));
  applyOne(machine, make.deleteRange({ key, prevKv: true }, identity));
  const retry = applyOne(machine, make.deleteRange({ key, prevKv: true }, identity));
  assertEquals(retry, { reason: "identity expired", response: null, revision: 3 });
  assertEquals(applyOne(machine, make.put({ key }, identity)).reason, "malformed command");
  applyOne(machine, make.put({ key }, { client: 7n, sequence: 1 + IDENTITY_WINDOW }));
  const old = applyOne(machine, make.put({ key }, { client: 7n, sequence: 1 }));
  assertEquals(old.reason, "identity expired");
  assertEquals(machine.store.revision, 4);
});

Deno.test("Machine.apply() frees space step by step, with empty batches too", () => {
  const machine = make.smallMachine();
  for (let i = 0; i < 40; i++) applyOne(machine, putText("a", `${i}`.padEnd(100, ".")));
  const before = machine.store.bytesInUse;
  assertEquals(applyOne(machine, make.compaction({ revision: 41 })).reason, null);
  assertEquals(applyOne(machine, make.compaction({ revision: 41 })).reason, "compacted");
  let steps = 0;
  for (; machine.isCompacting; steps++) applyAll(machine);
  assert(steps > 3 && machine.store.bytesInUse < before / 4, `${steps} steps`);
});

Deno.test("Machine.apply() reads nothing from a batch after it has returned", () => {
  const machine = new Machine();
  const data = batch([
    make.leaseGrant({ id: 1n, ttl: 9 }),
    putText("key", "value", { lease: 1n }),
    make.put({ key: bytes("other") }, { client: 3n, sequence: 1 }),
  ]);
  machine.apply(data);
  const hash = machine.hash();
  data.fill(0xee);
  assertEquals(machine.hash(), hash);
  assertEquals(contents(machine), { key: "value", other: "" });
  assertEquals(machine.leases.keysOf(1n), [bytes("key")]);
});
