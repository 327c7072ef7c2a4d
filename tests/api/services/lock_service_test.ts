import { assert, assertEquals, assertRejects } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { GrpcCode, RpcError } from "../../../src/api/errors.ts";
import { createServices, type Services } from "../../../src/api/services/methods.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { create } from "../../../src/proto/codec.ts";
import { RangeRequest } from "../../../src/proto/kv.ts";
import { LocalReplica } from "../local_replica.ts";

const NAME = encodeUtf8("locks/a");

async function keys({ kv }: Services): Promise<string[]> {
  const all = create(RangeRequest, { key: new Uint8Array(1), rangeEnd: new Uint8Array(1) });
  const { kvs } = await kv.range(all, PLAIN_CONTEXT);
  return kvs.map(({ key }) => new TextDecoder().decode(key));
}

/** Two clients, each with a lease of its own. */
async function twoClients() {
  const replica = new LocalReplica();
  const services = createServices(replica);
  await services.lease.grant({ ttl: 100, id: 0xan }, PLAIN_CONTEXT);
  await services.lease.grant({ ttl: 100, id: 0xbn }, PLAIN_CONTEXT);
  return { replica, services };
}

Deno.test("LockService.lock() gives the lock to one at a time, in the order of asking", async () => {
  const { services } = await twoClients();
  const first = await services.lock.lock({ name: NAME, lease: 0xan }, PLAIN_CONTEXT);
  assertEquals(new TextDecoder().decode(first.key), "locks/a/a");
  assertEquals(first.header?.revision, 2);
  let isSecondIn = false;
  const second = services.lock.lock({ name: NAME, lease: 0xbn }, PLAIN_CONTEXT)
    .finally(() => isSecondIn = true);
  assertEquals(await keys(services), ["locks/a/a", "locks/a/b"]);
  assert(!isSecondIn);
  await services.lock.unlock({ key: first.key }, PLAIN_CONTEXT);
  assertEquals(new TextDecoder().decode((await second).key), "locks/a/b");
  assertEquals((await second).header?.revision, 4);
});

Deno.test("LockService.lock() gives a lock again to the lease that has it", async () => {
  const { services } = await twoClients();
  const first = await services.lock.lock({ name: NAME, lease: 0xan }, PLAIN_CONTEXT);
  const again = await services.lock.lock({ name: NAME, lease: 0xan }, PLAIN_CONTEXT);
  assertEquals(again, first);
});

Deno.test("LockService.lock() grants a lease of 60 s to those who bring none", async () => {
  const { replica, services } = await twoClients();
  const { key } = await services.lock.lock({ name: NAME, lease: 0n }, PLAIN_CONTEXT);
  const { kvs } = await services.kv.range(create(RangeRequest, { key }), PLAIN_CONTEXT);
  assertEquals(replica.machine.leases.get(kvs[0].lease)?.ttlSeconds, 60);
});

Deno.test("LockService.lock() takes the key of a client away that leaves while it waits", async () => {
  const { services } = await twoClients();
  await services.lock.lock({ name: NAME, lease: 0xan }, PLAIN_CONTEXT);
  const controller = new AbortController();
  const context = { ...PLAIN_CONTEXT, signal: controller.signal };
  const waiting = services.lock.lock({ name: NAME, lease: 0xbn }, context);
  assertEquals(await keys(services), ["locks/a/a", "locks/a/b"]);
  controller.abort();
  const error = await assertRejects(() => waiting, RpcError);
  assertEquals(error.code, GrpcCode.Canceled);
  assertEquals(await keys(services), ["locks/a/a"]);
});

Deno.test("LockService.lock() says when the lease has ended that waited", async () => {
  const { services } = await twoClients();
  const { key } = await services.lock.lock({ name: NAME, lease: 0xan }, PLAIN_CONTEXT);
  const waiting = services.lock.lock({ name: NAME, lease: 0xbn }, PLAIN_CONTEXT);
  assertEquals((await keys(services)).length, 2);
  await services.lease.revoke({ id: 0xbn }, PLAIN_CONTEXT);
  await services.lock.unlock({ key }, PLAIN_CONTEXT);
  const error = await assertRejects(() => waiting, RpcError, "mutex: session is expired");
  assertEquals(error.code, GrpcCode.Unknown);
});

Deno.test("LockService hands on refusals from inside with the code Unknown", async () => {
  const { services } = await twoClients();
  const noLease = await assertRejects(
    () => services.lock.lock({ name: NAME, lease: 99n }, PLAIN_CONTEXT),
    RpcError,
    "etcdserver: requested lease not found",
  );
  const noKey = await assertRejects(
    () => services.lock.unlock({ key: new Uint8Array(0) }, PLAIN_CONTEXT),
    RpcError,
    "etcdserver: key is not provided",
  );
  assertEquals([noLease.code, noKey.code], [GrpcCode.Unknown, GrpcCode.Unknown]);
});
