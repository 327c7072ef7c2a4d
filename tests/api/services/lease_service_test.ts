import { assert, assertEquals, assertRejects } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { RpcError } from "../../../src/api/errors.ts";
import { LeaseService } from "../../../src/api/services/lease_service.ts";
import { LocalReplica } from "../local_replica.ts";

Deno.test("LeaseService.grant() draws identifiers until one is free", async () => {
  const drawn = [5n, 5n, 5n, 6n];
  const leases = new LeaseService(new LocalReplica(), () => drawn.shift()!);
  const grant = () => leases.grant({ ttl: 10, id: 0n }, PLAIN_CONTEXT);
  assertEquals([(await grant()).id, (await grant()).id], [5n, 6n]);
});

Deno.test("LeaseService.grant() of a named request ends when the identifier drawn is taken", async () => {
  const leases = new LeaseService(new LocalReplica(), () => 5n);
  const context = { ...PLAIN_CONTEXT, requestIdentity: { client: 1n, sequence: 1 } };
  await leases.grant({ ttl: 10, id: 5n }, PLAIN_CONTEXT);
  const { message } = await assertRejects(
    () => leases.grant({ ttl: 10, id: 0n }, context),
    RpcError,
  );
  assertEquals(message, "etcdserver: lease already exists");
});

Deno.test("LeaseService.grant() draws positive identifiers of 63 bits by itself", async () => {
  const leases = new LeaseService(new LocalReplica());
  const ids = new Set<bigint>();
  for (let i = 0; i < 20; i++) {
    const { id } = await leases.grant({ ttl: 10, id: 0n }, PLAIN_CONTEXT);
    assert(id > 0n && id < 2n ** 63n);
    ids.add(id);
  }
  assertEquals(ids.size, 20);
});

Deno.test("LeaseService.keepAlive() sets a lease back to its full time", async () => {
  const replica = new LocalReplica();
  const leases = new LeaseService(replica);
  await leases.grant({ ttl: 100, id: 7n }, PLAIN_CONTEXT);
  const left = async () => (await leases.timeToLive({ id: 7n, keys: false }, PLAIN_CONTEXT)).ttl;
  assertEquals(await left(), 100);
  replica.state.nowMs = 30_500;
  assertEquals(await left(), 69);
  assertEquals((await leases.keepAlive({ id: 7n }, PLAIN_CONTEXT)).ttl, 100);
  assertEquals(await left(), 100);
  assertEquals((await leases.keepAlive({ id: 8n }, PLAIN_CONTEXT)).ttl, 0);
});
