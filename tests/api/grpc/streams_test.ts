import { assert, assertEquals } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { GrpcCode } from "../../../src/api/errors.ts";
import { concatBytes } from "../../../src/base/bytes.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { create } from "../../../src/proto/codec.ts";
import { CampaignRequest, LeaderRequest, LeaderResponse } from "../../../src/proto/election.ts";
import { HealthCheckRequest, HealthCheckResponse } from "../../../src/proto/health.ts";
import { EventType } from "../../../src/proto/key_value.ts";
import { PutRequest } from "../../../src/proto/kv.ts";
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from "../../../src/proto/lease.ts";
import { SnapshotRequest, SnapshotResponse } from "../../../src/proto/maintenance.ts";
import { WatchCreateRequest, WatchRequest, WatchResponse } from "../../../src/proto/watch.ts";
import { TestClient } from "./grpc_test_client.ts";

const KEY = encodeUtf8("foo");
const WATCH = "/etcdserverpb.Watch/Watch";
const KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive";
const OBSERVE = "/v3electionpb.Election/Observe";

/** Puts beside the connection. */
async function put({ services }: TestClient, value: Uint8Array): Promise<void> {
  await services.kv.put(create(PutRequest, { key: KEY, value }), PLAIN_CONTEXT);
}

/** Lets everything happen that waits for nothing outside. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

const watchKey: WatchRequest = { createRequest: create(WatchCreateRequest, { key: KEY }) };

Deno.test("serveWatch() brings events after the client has said all, until it cancels", async () => {
  await using client = await TestClient.open();
  const watch = client.open(WATCH);
  watch.send(WatchRequest, watchKey, true);
  assertEquals((await watch.next(WatchResponse))?.created, true);
  await put(client, encodeUtf8("bar"));
  const response = await watch.next(WatchResponse);
  assertEquals(response?.header?.revision, 2);
  assertEquals(response?.events.map(({ type, kv }) => [type, kv?.modRevision]), [[
    EventType.PUT,
    2,
  ]]);
  assertEquals(client.replica.machine.watches.streamCount, 1);
  watch.cancel();
  await turn();
  assertEquals(client.replica.machine.watches.streamCount, 0);
});

Deno.test("serveWatch() lets one stream create and cancel many watches", async () => {
  await using client = await TestClient.open();
  const watch = client.open(WATCH);
  watch.send(WatchRequest, watchKey);
  watch.send(WatchRequest, watchKey);
  assertEquals((await watch.next(WatchResponse))?.watchId, 0);
  assertEquals((await watch.next(WatchResponse))?.watchId, 1);
  watch.send(WatchRequest, { cancelRequest: { watchId: 0 } });
  const canceled = await watch.next(WatchResponse);
  assertEquals([canceled?.watchId, canceled?.canceled], [0, true]);
  watch.send(WatchRequest, { progressRequest: {} });
  const progress = await watch.next(WatchResponse);
  assertEquals([progress?.watchId, progress?.header?.revision], [-1, 1]);
});

Deno.test("serveWatch() keeps what a client does not read in bounds, and loses nothing", async () => {
  await using client = await TestClient.open();
  const watch = client.open(WATCH);
  watch.send(WatchRequest, watchKey);
  assertEquals((await watch.next(WatchResponse))?.created, true);
  const writes = 400;
  const value = new Uint8Array(8_192);
  for (let i = 0; i < writes; i++) await put(client, value);
  await turn();
  // The client has read nothing: the stream is behind and will read history.
  assertEquals(client.replica.machine.watches.unsyncedCount, 1);
  const revisions: number[] = [];
  while (revisions.length < writes) {
    const response = await watch.next(WatchResponse);
    assert(response !== null);
    for (const { kv } of response.events) revisions.push(kv?.modRevision ?? 0);
  }
  assertEquals(revisions, Array.from({ length: writes }, (_, i) => i + 2));
});

Deno.test("serveWatch() ends with the reason when the replica stops or the client talks nonsense", async () => {
  await using client = await TestClient.open();
  assertEquals((await client.raw(WATCH, new Uint8Array([0x0a, 0xff])).status()).code, 13);
  const watch = client.open(WATCH);
  watch.send(WatchRequest, watchKey);
  assertEquals((await watch.next(WatchResponse))?.created, true);
  client.services.watch.close();
  assertEquals(await watch.status(), {
    code: GrpcCode.Unavailable,
    message: "etcdserver: server stopped",
  });
});

Deno.test("serveKeepAlive() answers each message, also for a lease that is gone", async () => {
  await using client = await TestClient.open();
  await client.services.lease.grant({ ttl: 30, id: 5n }, PLAIN_CONTEXT);
  const call = client.open(KEEP_ALIVE);
  call.send(LeaseKeepAliveRequest, { id: 5n });
  const renewed = await call.next(LeaseKeepAliveResponse);
  assertEquals([renewed?.id, renewed?.ttl, renewed?.header?.revision], [5n, 30, 1]);
  call.send(LeaseKeepAliveRequest, { id: 6n }, true);
  const gone = await call.next(LeaseKeepAliveResponse);
  assertEquals([gone?.id, gone?.ttl], [6n, 0]);
  assertEquals((await call.status()).code, GrpcCode.Ok);
});

Deno.test("serveStream() tells who leads until the client cancels", async () => {
  await using client = await TestClient.open();
  const observe = client.open(OBSERVE);
  observe.send(LeaderRequest, { name: KEY }, true);
  await turn();
  const value = encodeUtf8("ann");
  await client.services.election.campaign(
    create(CampaignRequest, { name: KEY, value }),
    PLAIN_CONTEXT,
  );
  assertEquals((await observe.next(LeaderResponse))?.kv?.value, value);
  observe.cancel();
  await turn();
  assertEquals(client.replica.machine.watches.streamCount, 0);
});

Deno.test("serveStream() sends a snapshot whole, and refuses a call without a request", async () => {
  await using client = await TestClient.open();
  await put(client, new Uint8Array(100_000));
  const call = client.open("/etcdserverpb.Maintenance/Snapshot");
  call.send(SnapshotRequest, {}, true);
  const blobs: Uint8Array[] = [];
  for (let next; (next = await call.next(SnapshotResponse)) !== null;) blobs.push(next.blob);
  assertEquals((await call.status()).code, GrpcCode.Ok);
  assert(concatBytes(blobs).length > 100_000);
  const empty = client.open(OBSERVE);
  empty.end();
  assertEquals((await empty.status()).code, GrpcCode.Internal);
});

Deno.test("Health says that the server serves, and knows no other service", async () => {
  await using client = await TestClient.open();
  const check = "/grpc.health.v1.Health/Check";
  const whole = { service: "" };
  assertEquals(
    await client.call(check, [HealthCheckRequest, whole], HealthCheckResponse),
    { status: 1 },
  );
  const other = { service: "etcdserverpb.KV" };
  assertEquals(await client.refusal(check, [HealthCheckRequest, other]), {
    code: GrpcCode.NotFound,
    message: "unknown service",
  });
  const watch = client.open("/grpc.health.v1.Health/Watch");
  watch.send(HealthCheckRequest, whole, true);
  assertEquals(await watch.next(HealthCheckResponse), { status: 1 });
  watch.cancel();
});
