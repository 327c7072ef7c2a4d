import { assertEquals, assertStringIncludes } from "@std/assert";
import { GrpcCode } from "../../../src/api/errors.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { create, encodeToBytes } from "../../../src/proto/codec.ts";
import { PutRequest, PutResponse, RangeRequest, RangeResponse } from "../../../src/proto/kv.ts";
import { StatusRequest, StatusResponse } from "../../../src/proto/maintenance.ts";
import { TestClient } from "./grpc_test_client.ts";

const KEY = encodeUtf8("foo");
const VALUE = encodeUtf8("bar");
const PUT = "/etcdserverpb.KV/Put";
const RANGE = "/etcdserverpb.KV/Range";
const WATCH = "/etcdserverpb.Watch/Watch";

const put = create(PutRequest, { key: KEY, value: VALUE });
const range = create(RangeRequest, { key: KEY });

Deno.test("createGrpcHandlers() serves unary methods, with etcd's header", async () => {
  await using client = await TestClient.open();
  const { header } = await client.call(PUT, [PutRequest, put], PutResponse);
  assertEquals(header, { clusterId: 0x123n, memberId: 0xabcn, revision: 2, raftTerm: 2 });
  const { kvs, count } = await client.call(RANGE, [RangeRequest, range], RangeResponse);
  assertEquals([count, kvs[0].value, kvs[0].modRevision], [1, VALUE, 2]);
});

Deno.test("createGrpcHandlers() passes a write's bytes into the log as they came", async () => {
  await using client = await TestClient.open();
  const bodies: Uint8Array[] = [];
  const propose = client.replica.propose.bind(client.replica);
  client.replica.propose = (kind, body, options) => {
    bodies.push(body);
    return propose(kind, body, options);
  };
  // A field that nobody knows is kept only if nothing is encoded again.
  const body = new Uint8Array([...encodeToBytes(PutRequest, put), 0xf8, 0x07, 0x2a]);
  assertEquals((await client.raw(PUT, body).status()).code, GrpcCode.Ok);
  assertEquals(bodies, [body]);
});

Deno.test("createGrpcHandlers() ends a refused call with etcd's code and text", async () => {
  await using client = await TestClient.open();
  assertEquals(await client.refusal(PUT, [PutRequest, create(PutRequest)]), {
    code: GrpcCode.InvalidArgument,
    message: "etcdserver: key is not provided",
  });
  assertEquals(await client.refusal(PUT, [PutRequest, { ...put, lease: 7n }]), {
    code: GrpcCode.NotFound,
    message: "etcdserver: requested lease not found",
  });
  const future = create(RangeRequest, { key: KEY, revision: 99 });
  assertEquals(await client.refusal(RANGE, [RangeRequest, future]), {
    code: GrpcCode.OutOfRange,
    message: "etcdserver: mvcc: required revision is a future revision",
  });
  const malformed = await client.raw(PUT, new Uint8Array([0x0a, 0xff])).status();
  assertEquals(malformed.code, GrpcCode.Internal);
  assertStringIncludes(malformed.message, "grpc: error unmarshalling request: ");
  assertEquals(client.errors, []);
});

Deno.test("createGrpcHandlers() hides what nobody foresaw from the client and tells it here", async () => {
  await using client = await TestClient.open();
  client.replica.propose = () => Promise.reject(new TypeError("secret"));
  assertEquals(await client.refusal(PUT, [PutRequest, put]), {
    code: GrpcCode.Internal,
    message: "kvorum: internal error",
  });
  assertEquals(client.errors.map(({ cause }) => String(cause)), ["TypeError: secret"]);
});

Deno.test("createGrpcHandlers() knows no other methods and takes no larger messages than etcd", async () => {
  await using client = await TestClient.open();
  const unknown = {
    "/etcdserverpb.KV/Bogus": "unknown method Bogus for service etcdserverpb.KV",
    "/etcdserverpb.Watch/Put": "unknown method Put for service etcdserverpb.Watch",
    "/etcdserverpb.KV/": "unknown method  for service etcdserverpb.KV",
    "/etcdserverpb.kv/Put": "unknown service etcdserverpb.kv",
    "/etcdserverpb.KV/Put/more": "unknown service etcdserverpb.KV/Put",
    "/etcdserverpb.KV": 'malformed method name: "/etcdserverpb.KV"',
  };
  for (const [path, message] of Object.entries(unknown)) {
    const refusal = await client.refusal(path, [PutRequest, put]);
    assertEquals(refusal, { code: GrpcCode.Unimplemented, message });
  }
  assertEquals(await client.announce(PUT, 2_097_153).status(), {
    code: GrpcCode.ResourceExhausted,
    message: "grpc: received message larger than max (2097153 vs. 2097152)",
  });
});

Deno.test("createGrpcHandlers() refuses at once what wants a leader when there is none", async () => {
  await using client = await TestClient.open();
  client.replica.state.leader = 0n;
  const refused = { code: GrpcCode.Unavailable, message: "etcdserver: no leader" };
  const hasLeader = ["hasleader", "true"] as const;
  const local = { ...range, serializable: true };
  assertEquals(await client.refusal(RANGE, [RangeRequest, local], hasLeader), refused);
  assertEquals((await client.refusal(RANGE, [RangeRequest, local])).code, GrpcCode.Ok);
  const watch = client.open(WATCH, hasLeader);
  assertEquals(await watch.status(), refused);
});

Deno.test("createGrpcHandlers() serves of a learner its state and nothing else", async () => {
  await using client = await TestClient.open();
  client.replica.state.isLearner = true;
  const refused = {
    code: GrpcCode.FailedPrecondition,
    message: "etcdserver: rpc not supported for learner",
  };
  assertEquals(await client.refusal(PUT, [PutRequest, put]), refused);
  assertEquals(await client.refusal(RANGE, [RangeRequest, range]), refused);
  assertEquals(await client.open(WATCH).status(), refused);
  const { isLearner } = await client.call(
    "/etcdserverpb.Maintenance/Status",
    [StatusRequest, {}],
    StatusResponse,
  );
  assertEquals(isLearner, true);
});

Deno.test("createGrpcHandlers() counts calls, messages and how they end", async () => {
  await using client = await TestClient.open();
  await client.call(PUT, [PutRequest, put], PutResponse);
  await client.refusal(PUT, [PutRequest, create(PutRequest)], ["client-api-version", "3.6"]);
  const watch = client.open(WATCH);
  watch.cancel();
  await client.refusal(RANGE, [RangeRequest, range], ["client-api-version", "nonsense"]);
  const text = client.metrics.text();
  const method = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
  for (
    const line of [
      `grpc_server_started_total{${method}} 2`,
      `grpc_server_handled_total{grpc_code="OK",${method}} 1`,
      `grpc_server_handled_total{grpc_code="InvalidArgument",${method}} 1`,
      `grpc_server_msg_received_total{${method}} 2`,
      `grpc_server_msg_sent_total{${method}} 1`,
      'grpc_server_handled_total{grpc_code="Canceled",grpc_method="Watch",' +
      'grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 1',
      'etcd_server_client_requests_total{client_api_version="3.6",type="unary"} 1',
      'etcd_server_client_requests_total{client_api_version="unknown",type="unary"} 2',
      'etcd_server_client_requests_total{client_api_version="unknown",type="stream"} 1',
    ]
  ) assertStringIncludes(text, `${line}\n`);
});
