import { assertEquals } from "@std/assert";
import { type CallContext, PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { toRpcError } from "../../../src/api/errors.ts";
import { KvService } from "../../../src/api/services/kv_service.ts";
import { REQUEST_BYTES_MAX } from "../../../src/base/limits.ts";
import { create, decode, encodeToBytes } from "../../../src/proto/codec.ts";
import { PutRequest, RangeRequest, TxnRequest, TxnResponse } from "../../../src/proto/kv.ts";
import { ReplicaError } from "../../../src/replica/errors.ts";
import { LocalReplica } from "../local_replica.ts";

const key = new TextEncoder().encode("key");
const range = (fields: Partial<RangeRequest> = {}) => create(RangeRequest, { key, ...fields });

function setUp(): { replica: LocalReplica; kv: KvService } {
  const replica = new LocalReplica();
  return { replica, kv: new KvService(replica) };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    return toRpcError(thrown).message;
  }
  return "";
}

Deno.test("KvService.range() asks the cluster unless local will do", async () => {
  const { replica, kv } = setUp();
  await kv.range(range(), PLAIN_CONTEXT);
  assertEquals(replica.linearized, 1);
  await kv.range(range({ serializable: true }), PLAIN_CONTEXT);
  assertEquals(replica.linearized, 1);

  replica.state.refusal = new ReplicaError("timed out", "");
  assertEquals(await refusal(kv.range(range(), PLAIN_CONTEXT)), "etcdserver: request timed out");
  assertEquals((await kv.range(range({ serializable: true }), PLAIN_CONTEXT)).count, 0);
});

Deno.test("KvService.put() fills the header and passes on the bytes that the client encoded", async () => {
  const { replica, kv } = setUp();
  const request = create(PutRequest, { key, prevKv: true });
  const first = await kv.put(request, PLAIN_CONTEXT);
  assertEquals(first, {
    header: { clusterId: 0x123n, memberId: 0xabcn, revision: 2, raftTerm: 2 },
  });
  const encoded = encodeToBytes(PutRequest, { ...request, value: key });
  await kv.put(request, PLAIN_CONTEXT, encoded);
  assertEquals(replica.machine.store.get(key)?.value, key);
});

Deno.test("KvService.put() proposes nothing that is bad", async () => {
  const { replica, kv } = setUp();
  const put = (fields: Partial<PutRequest>) => kv.put(create(PutRequest, fields), PLAIN_CONTEXT);
  assertEquals(await refusal(put({})), "etcdserver: key is not provided");
  assertEquals(
    await refusal(put({ key, value: key, ignoreValue: true })),
    "etcdserver: value is provided",
  );
  const overhead =
    encodeToBytes(PutRequest, create(PutRequest, { key, value: new Uint8Array(REQUEST_BYTES_MAX) }))
      .length - REQUEST_BYTES_MAX;
  const value = new Uint8Array(REQUEST_BYTES_MAX - overhead + 1);
  assertEquals(await refusal(put({ key, value })), "etcdserver: request is too large");
  assertEquals(replica.proposed, 0);
  await put({ key, value: value.subarray(1) });
  assertEquals(replica.proposed, 1);
});

Deno.test("KvService.put() applies a request of the same identity once", async () => {
  const { replica, kv } = setUp();
  const context: CallContext = { ...PLAIN_CONTEXT, requestIdentity: { client: 7n, sequence: 1 } };
  const request = create(PutRequest, { key });
  const [first, second] = [await kv.put(request, context), await kv.put(request, context)];
  assertEquals(first, second);
  assertEquals(replica.machine.store.revision, 2);
});

Deno.test("KvService.txn() answers what only reads without the log", async () => {
  const { replica, kv } = setUp();
  await kv.put(create(PutRequest, { key }), PLAIN_CONTEXT);
  const proposed = replica.proposed;
  const txn = (ranges: Partial<RangeRequest>[]) =>
    create(TxnRequest, { success: ranges.map((fields) => ({ requestRange: range(fields) })) });

  const response = await kv.txn(txn([{}]), PLAIN_CONTEXT);
  assertEquals(response.responses[0].responseRange?.count, 1);
  assertEquals([replica.linearized, replica.proposed], [1, proposed]);
  await kv.txn(txn([{ serializable: true }]), PLAIN_CONTEXT);
  assertEquals(replica.linearized, 1);
  await kv.txn(txn([{ serializable: true }, {}]), PLAIN_CONTEXT);
  assertEquals(replica.linearized, 2);
  // Nothing but comparisons is a linearizable read, too.
  await kv.txn(txn([]), PLAIN_CONTEXT);
  assertEquals([replica.linearized, replica.proposed], [3, proposed]);
  assertEquals(
    await refusal(kv.txn(txn([{ revision: 99 }]), PLAIN_CONTEXT)),
    "etcdserver: mvcc: required revision is a future revision",
  );
});

Deno.test("KvService serves a learner's clients from local state only", async () => {
  const { replica, kv } = setUp();
  replica.state.isLearner = true;
  const message = "etcdserver: rpc not supported for learner";
  assertEquals(await refusal(kv.range(range(), PLAIN_CONTEXT)), message);
  assertEquals(await refusal(kv.put(create(PutRequest, { key }), PLAIN_CONTEXT)), message);
  assertEquals((await kv.range(range({ serializable: true }), PLAIN_CONTEXT)).count, 0);
});

Deno.test("KvService refuses at once without a leader if the client wants one", async () => {
  const { replica, kv } = setUp();
  replica.state.leader = 0n;
  const context: CallContext = { ...PLAIN_CONTEXT, requireLeader: true };
  const local = range({ serializable: true });
  assertEquals(await refusal(kv.range(local, context)), "etcdserver: no leader");
  assertEquals((await kv.range(local, PLAIN_CONTEXT)).count, 0);
});

Deno.test("KvService.txn() nests as deep as a transaction may have operations, and answers so", async () => {
  const { kv } = setUp();
  const requestPut = create(PutRequest, { key, value: key, prevKv: true });
  const nested = (levels: number): TxnRequest => {
    let txn = create(TxnRequest, { success: [{ requestPut }] });
    for (let i = 1; i < levels; i++) txn = create(TxnRequest, { success: [{ requestTxn: txn }] });
    return decode(TxnRequest, encodeToBytes(TxnRequest, txn));
  };
  await kv.put(create(PutRequest, { key, value: key }), PLAIN_CONTEXT);
  const response = await kv.txn(nested(128), PLAIN_CONTEXT);
  let innermost = decode(TxnResponse, encodeToBytes(TxnResponse, response));
  for (let i = 1; i < 128; i++) innermost = innermost.responses[0].responseTxn as TxnResponse;
  assertEquals(innermost.responses[0].responsePut?.prevKv?.version, 1);
  assertEquals(
    await refusal(kv.txn(nested(129), PLAIN_CONTEXT)),
    "etcdserver: too many operations in txn request",
  );
});
