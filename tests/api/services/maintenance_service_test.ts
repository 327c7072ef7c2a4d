import { assert, assertEquals, assertRejects } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { createFetchHandler } from "../../../src/api/fetch_handler.ts";
import { RpcError } from "../../../src/api/errors.ts";
import { createServices } from "../../../src/api/services/methods.ts";
import { concatBytes } from "../../../src/base/bytes.ts";
import { Machine } from "../../../src/machine/machine.ts";
import { decodeSnapshotFile } from "../../../src/machine/snapshot_file.ts";
import { create } from "../../../src/proto/codec.ts";
import { DeleteRangeRequest, PutRequest, TxnRequest } from "../../../src/proto/kv.ts";
import { AlarmAction, AlarmType, DowngradeAction } from "../../../src/proto/maintenance.ts";
import { LocalReplica } from "../local_replica.ts";

const NO_SPACE = "etcdserver: mvcc: database space exceeded";
const GET_ALARMS = { action: AlarmAction.GET, memberId: 0n, alarm: AlarmType.NONE };

function setUp(quotaBytes = Infinity) {
  const replica = new LocalReplica();
  replica.state.quotaBytes = quotaBytes;
  return { replica, ...createServices(replica) };
}

const key = (text: string) => new TextEncoder().encode(text);
const put = (name: string, byteLength: number) =>
  create(PutRequest, { key: key(name), value: new Uint8Array(byteLength) });

async function call(replica: LocalReplica, path: string, body: unknown = {}): Promise<string> {
  const handler = createFetchHandler({ replica });
  const request = new Request(`http://x${path}`, { method: "POST", body: JSON.stringify(body) });
  return await (await handler(request)).text();
}

Deno.test("Writes past the quota are refused, deletes are not, and disarming lets them in again", async () => {
  const { replica, kv, lease, maintenance } = setUp(20_000);
  for (let i = 0; i < 2; i++) await kv.put(put("k", 8_000), PLAIN_CONTEXT);
  const refused = () =>
    assertRejects(() => kv.put(put("k", 8_000), PLAIN_CONTEXT), RpcError, NO_SPACE);
  await refused();
  const alarm = { memberId: replica.status().memberId, alarm: AlarmType.NOSPACE };
  assertEquals((await maintenance.alarm(GET_ALARMS, PLAIN_CONTEXT)).alarms, [alarm]);
  const status = await maintenance.status({}, PLAIN_CONTEXT);
  assertEquals(status.errors, [`memberID:${alarm.memberId} alarm:NOSPACE`]);
  assertEquals(status.dbSizeQuota, 20_000);
  // The alarm stops what would fit, too.
  const small = create(TxnRequest, { success: [{ requestPut: put("s", 1) }] });
  await assertRejects(() => kv.txn(small, PLAIN_CONTEXT), RpcError, NO_SPACE);
  await assertRejects(() => lease.grant({ id: 1n, ttl: 60 }, PLAIN_CONTEXT), RpcError, NO_SPACE);
  await kv.deleteRange(create(DeleteRangeRequest, { key: key("k") }), PLAIN_CONTEXT);
  const { revision } = replica.machine.store;
  await kv.compact({ revision, physical: true }, PLAIN_CONTEXT);
  assert(replica.machine.store.bytesInUse < 200);
  await assertRejects(() => kv.put(put("k", 1), PLAIN_CONTEXT), RpcError, NO_SPACE);
  const disarm = { action: AlarmAction.DEACTIVATE, ...alarm };
  assertEquals((await maintenance.alarm(disarm, PLAIN_CONTEXT)).alarms, [alarm]);
  assertEquals((await maintenance.alarm(disarm, PLAIN_CONTEXT)).alarms, []);
  await kv.put(put("k", 8_000), PLAIN_CONTEXT);
});

Deno.test("A refused write raises the alarm once, and a transaction costs its larger branch", async () => {
  const { replica, kv } = setUp(1_000);
  const success = [{ requestPut: put("a", 100) }];
  const failure = [{
    requestTxn: create(TxnRequest, { success: [{ requestPut: put("b", 700) }] }),
  }];
  await kv.txn(create(TxnRequest, { success, failure: [] }), PLAIN_CONTEXT);
  const tooLarge = create(TxnRequest, { success, failure });
  const before = replica.proposed;
  for (let i = 0; i < 3; i++) {
    await assertRejects(() => kv.txn(tooLarge, PLAIN_CONTEXT), RpcError, NO_SPACE);
  }
  assertEquals(replica.proposed, before + 1);
});

Deno.test("Maintenance answers over JSON in etcd's form", async () => {
  const { replica, kv } = setUp();
  await kv.put(put("k", 10), PLAIN_CONTEXT);
  assertEquals(await call(replica, "/v3/maintenance/defragment"), "{}");
  const hashKv = JSON.parse(await call(replica, "/v3/maintenance/hashkv"));
  assertEquals([hashKv.compact_revision, hashKv.hash_revision], ["-1", "2"]);
  assertEquals(typeof hashKv.hash, "number");
  const hash = JSON.parse(await call(replica, "/v3/maintenance/hash"));
  assertEquals(hash.hash, replica.machine.hash());
  const future = JSON.parse(await call(replica, "/v3/maintenance/hashkv", { revision: "9" }));
  assertEquals(future.message, "etcdserver: mvcc: required revision is a future revision");
  const self = `${replica.status().memberId}`;
  const transfer = "/v3/maintenance/transfer-leadership";
  assertEquals(await call(replica, transfer, { targetID: self }), "{}");
  const bad = JSON.parse(await call(replica, transfer, { targetID: "7" }));
  assertEquals(bad.message, "etcdserver: bad leader transferee");
  const raised = await call(replica, "/v3/maintenance/alarm", {
    action: "ACTIVATE",
    memberID: "5",
    alarm: "CORRUPT",
  });
  assertEquals(JSON.parse(raised).alarms, [{ memberID: "5", alarm: "CORRUPT" }]);
  await assertRejects(
    () => kv.put(put("k", 10), PLAIN_CONTEXT),
    RpcError,
    "etcdserver: corrupt cluster",
  );
});

Deno.test("MaintenanceService.downgrade() validates as etcd and begins nothing", async () => {
  const { maintenance } = setUp();
  const ask = (action: number, version: string) =>
    maintenance.downgrade({ action, version }, PLAIN_CONTEXT);
  assertEquals((await ask(DowngradeAction.VALIDATE, "3.5")).version, "3.6");
  assertEquals((await ask(DowngradeAction.VALIDATE, "3.5.0")).version, "3.6");
  assertEquals((await ask(DowngradeAction.CANCEL, "")).version, "3.6");
  const cases: [number, string, string][] = [
    [DowngradeAction.VALIDATE, "3.4", "etcdserver: invalid downgrade target version"],
    [DowngradeAction.VALIDATE, "next", "etcdserver: wrong downgrade target version format"],
    [DowngradeAction.ENABLE, "3.5", "kvorum: there is no older version to go back to"],
  ];
  for (const [action, version, message] of cases) {
    await assertRejects(() => ask(action, version), RpcError, message);
  }
});

Deno.test("MaintenanceService.snapshot() is the state at the call, with a digest at its end", async () => {
  const { replica, kv, maintenance } = setUp();
  for (let i = 0; i < 50; i++) await kv.put(put(`k${i}`, 20_000), PLAIN_CONTEXT);
  const expected = replica.machine.hash();
  const messages = maintenance.snapshot({}, PLAIN_CONTEXT);
  await kv.put(put("later", 10), PLAIN_CONTEXT);
  const blobs: Uint8Array[] = [];
  const remaining: number[] = [];
  for (const { blob, remainingBytes } of messages) {
    blobs.push(blob);
    remaining.push(remainingBytes);
  }
  const digest = blobs.pop() as Uint8Array;
  const content = concatBytes(blobs);
  assert(remaining.length > 4);
  assertEquals(remaining[0], content.length - blobs[0].length);
  assertEquals(remaining.slice(-2), [0, 0]);
  const sum = await crypto.subtle.digest("SHA-256", new Uint8Array(content));
  assertEquals(digest, new Uint8Array(sum));
  const file = decodeSnapshotFile(concatBytes([content, digest]));
  const copy = new Machine();
  copy.restore(file.header, file.segments);
  assertEquals(copy.hash(), expected);
  const lines = (await call(replica, "/v3/maintenance/snapshot")).trim().split("\n");
  assert(lines.every((line) => line.includes('"blob":')));
});
