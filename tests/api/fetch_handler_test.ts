import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFetchHandler, type FetchHandlerOptions } from "../../src/api/fetch_handler.ts";
import { JSON_BODY_BYTES_MAX } from "../../src/api/gateway/body.ts";
import { AlarmType } from "../../src/machine/alarms.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { LocalReplica } from "./local_replica.ts";

const PUT = '{"key":"YQ==","value":"YQ=="}';

function setUp(options: Partial<FetchHandlerOptions> = {}) {
  const replica = new LocalReplica();
  const handler = createFetchHandler({ replica, ...options });
  const send = (path: string, init: RequestInit = {}) =>
    handler(new Request(`http://replica${path}`, init));
  const post = (path: string, body: BodyInit, headers: HeadersInit = {}) =>
    send(path, { method: "POST", body, headers });
  return { replica, handler, send, post };
}

Deno.test("createFetchHandler() puts and ranges", async () => {
  const { post } = setUp();
  const header = '"cluster_id":"291","member_id":"2748","revision":"2","raft_term":"2"';
  const put = await post("/v3/kv/put", PUT);
  assertEquals(await put.text(), `{"header":{${header}}}`);
  assertEquals(put.headers.get("content-type"), "application/json");
  assertEquals(
    await (await post("/v3/kv/range?ignored=1", '{"key":"YQ=="}')).text(),
    `{"header":{${header}},"kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"2",` +
      `"version":"1","value":"YQ=="}],"count":"1"}`,
  );
});

Deno.test("createFetchHandler() stops reading a body that is too large", async () => {
  const { post, replica } = setUp();
  const chunk = new Uint8Array(JSON_BODY_BYTES_MAX / 4).fill(0x20);
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(chunk);
    },
  });
  const response = await post("/v3/kv/put", endless);
  assertEquals(response.status, 429);
  assertStringIncludes(await response.text(), "grpc: received message larger than max (");
  assert(pulled < 100);
  assertEquals(replica.proposed, 0);
});

Deno.test("createFetchHandler() tells a client why the replica cannot serve", async () => {
  const { post, replica } = setUp();
  replica.state.refusal = new ReplicaError("no leader", "");
  const response = await post("/v3/kv/put", PUT);
  assertEquals(response.status, 503);
  assertEquals(
    await response.text(),
    '{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}',
  );
});

Deno.test("createFetchHandler() hides unforeseen errors and tells the log", async () => {
  const errors: Error[] = [];
  const { post, replica } = setUp({ onInternalError: (error) => errors.push(error) });
  replica.propose = () => {
    throw new TypeError("a secret");
  };
  const response = await post("/v3/kv/put", PUT);
  assertEquals(response.status, 500);
  assertEquals(
    await response.text(),
    '{"error":"kvorum: internal error","message":"kvorum: internal error","code":13}',
  );
  assertEquals(errors.map(({ cause }) => String(cause)), ["TypeError: a secret"]);
});

Deno.test("createFetchHandler() heeds the metadata that wants a leader", async () => {
  const { post, replica } = setUp();
  replica.state.leader = 0n;
  const headers = { "Grpc-Metadata-hasleader": "true" };
  const response = await post("/v3/kv/range", '{"key":"YQ==","serializable":true}', headers);
  assertEquals(response.status, 503);
  await response.body?.cancel();
});

Deno.test("createFetchHandler() reports versions that clients of etcd can work with", async () => {
  const { send } = setUp();
  const version = await (await send("/version")).json();
  assertEquals([version.etcdserver, version.etcdcluster], ["3.6.0", "3.6.0"]);
});

Deno.test("createFetchHandler() reports a replica's status", async () => {
  const { post, replica } = setUp();
  await (await post("/v3/kv/put", PUT)).body?.cancel();
  replica.state.leader = 0n;
  const ask = async () => await (await post("/v3/maintenance/status", "{}")).json();
  const status = await ask();
  assertEquals(status.dbSizeQuota, undefined);
  replica.state.quotaBytes = 1_000;
  assertEquals((await ask()).dbSizeQuota, "1000");
  assertEquals(status.errors, ["etcdserver: no leader"]);
  assertEquals([status.version, status.dbSize, status.raftTerm], ["3.6.0", "4096", "2"]);
  assertEquals(status.header.revision, "2");
});

Deno.test("createFetchHandler() says on /health what keeps the replica from serving", async () => {
  const { send, replica } = setUp();
  const health = async (query = "") => {
    const response = await send(`/health${query}`);
    return [response.status, (await response.json()).reason];
  };
  assertEquals(await health(), [200, ""]);
  replica.state.refusal = new ReplicaError("timed out", "");
  assertEquals(await health(), [503, "RANGE ERROR:etcdserver: request timed out"]);
  assertEquals(await health("?serializable=true"), [200, ""]);
  replica.state.leader = 0n;
  assertEquals(await health(), [503, "RAFT NO LEADER"]);
  replica.machine.alarms.activate(1n, AlarmType.NoSpace);
  replica.machine.alarms.activate(1n, AlarmType.Corrupt);
  assertEquals(await health(), [503, "ALARM NOSPACE"]);
  assertEquals(await health("?exclude=NOSPACE"), [503, "ALARM CORRUPT"]);
  assertEquals(await health("?exclude=NOSPACE&exclude=CORRUPT&serializable=true"), [200, ""]);
});

Deno.test("createFetchHandler() lets pages of other origins in only where that is allowed", async () => {
  const allowed = async (corsOrigins: string[], origin: string) => {
    const { post, send } = setUp({ corsOrigins });
    const seen = [];
    for (
      const response of [
        await post("/v3/kv/put", PUT, { origin }),
        await post("/v3/kv/put", "{", { origin }),
        await send("/v3/kv/put", { method: "OPTIONS", headers: { origin } }),
      ]
    ) {
      await response.body?.cancel();
      seen.push(response.headers.get("access-control-allow-origin"));
    }
    assertEquals(new Set(seen).size, 1);
    return seen[0];
  };
  assertEquals(await allowed([], "https://a.example"), null);
  assertEquals(await allowed(["*"], "https://a.example"), "*");
  assertEquals(await allowed(["https://a.example"], "https://a.example"), "https://a.example");
  assertEquals(await allowed(["https://a.example"], "https://b.example"), null);
});
