import { assert, assertEquals, assertRejects } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { createServices } from "../../../src/api/services/methods.ts";
import { KvorumError, Lock, Session, SessionLostError } from "../../../src/client/mod.ts";
import { ReplicaError } from "../../../src/replica/errors.ts";
import { countBelow, testOnBoth, turn, until, withClient } from "./recipe_bench.ts";

testOnBoth("Lock is held by one session at a time, in turn", async ({ client, sessions }) => {
  const order: number[] = [];
  const tokens: number[] = [];
  let holders = 0;
  await Promise.all((await sessions(5)).map(async (session, i) => {
    await using lock = await Lock.acquire(session, "job");
    assertEquals(++holders, 1);
    order.push(i);
    tokens.push(lock.token);
    await turn();
    holders--;
  }));
  assertEquals(order, [0, 1, 2, 3, 4]);
  assertEquals(tokens, tokens.toSorted((a, b) => a - b));
  assertEquals((await client.range({ prefix: "job/" })).count, 0);
});

Deno.test("Lock.tryAcquire() does not wait, and leaves nothing behind", () =>
  withClient(async ({ client }) => {
    const [one, two] = [await Session.open(client), await Session.open(client)];
    const lock = await Lock.tryAcquire(one, "job");
    assert(lock !== null);
    assertEquals(lock.key, `job/${one.lease.toString(16)}`);
    assertEquals(await Lock.tryAcquire(two, "job"), null);
    assertEquals((await client.range({ prefix: "job/" })).count, 1);
    await lock.release();
    assert(await Lock.tryAcquire(two, "job") !== null);
    for (const session of [one, two]) await session.close();
  }));

Deno.test("Lock.acquire() gives up by its signal, and with its session", () =>
  withClient(async ({ client, pass }) => {
    const [one, two] = [await Session.open(client), await Session.open(client)];
    const lock = await Lock.acquire(one, "job");
    const controller = new AbortController();
    const waiting = Lock.acquire(two, "job", { signal: controller.signal });
    await turn();
    assertEquals((await client.range({ prefix: "job/" })).count, 2);
    controller.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    assertEquals((await client.range({ prefix: "job/" })).count, 1);
    const lost = assertRejects(() => Lock.acquire(two, "job"), SessionLostError);
    await turn();
    await client.leases.revoke(two.lease);
    await pass(21_000);
    await lost;
    assertEquals(lock.lost.aborted, false);
    await one.close();
    assert(lock.lost.aborted);
  }));

Deno.test("Lock stands in one line with etcd's lock service", () =>
  withClient(async ({ client, replica }) => {
    const services = createServices(replica);
    const text = (of: string) => new TextEncoder().encode(of);
    const session = await Session.open(client);
    const { id: lease } = await client.leases.grant(60);
    const theirs = await services.lock.lock({ name: text("job"), lease }, PLAIN_CONTEXT);
    const ours = Lock.acquire(session, "job");
    await turn();
    assertEquals(await Lock.tryAcquire(await Session.open(client), "job"), null);
    await services.lock.unlock({ key: theirs.key }, PLAIN_CONTEXT);
    const lock = await ours;
    const next = services.lock.lock({ name: text("job"), lease }, PLAIN_CONTEXT);
    await turn();
    await lock.release();
    assertEquals((await next).key, text(`job/${lease.toString(16)}`));
    services.watch.close();
  }));

Deno.test("Lock.acquire() gives up by its deadline, and leaves nothing behind", () =>
  withClient(async ({ client, sessions, pass }) => {
    const [one, two] = await sessions(2);
    await using _lock = await Lock.acquire(one, "job");
    const waiting = assertRejects(
      () => Lock.acquire(two, "job", { deadlineMs: 3_000 }),
      KvorumError,
      "not within 3000 ms",
    );
    await pass(2_900);
    assertEquals(await countBelow(client, "job/"), 2);
    await pass(200);
    assertEquals((await waiting).code, "DEADLINE_EXCEEDED");
    assertEquals(await countBelow(client, "job/"), 1);
  }));

Deno.test("Lock.acquire() leaves nothing behind when it is given up on its way", () =>
  withClient(async ({ client, replica, sessions }) => {
    const [one, two] = await sessions(2);
    const { propose } = replica;
    const onTheWay = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    replica.propose = async (...args) => {
      replica.propose = propose;
      const result = await propose.apply(replica, args);
      onTheWay.resolve();
      await held.promise;
      return result;
    };
    const controller = new AbortController();
    const acquired = Lock.acquire(one, "job", { signal: controller.signal });
    await onTheWay.promise;
    assertEquals(replica.machine.store.revision, 2, "the key is there, and nobody knows");
    controller.abort(new Error("enough"));
    await assertRejects(() => acquired, Error, "enough");
    held.resolve();
    assertEquals(await countBelow(client, "job/"), 0);
    assert(await Lock.tryAcquire(two, "job") !== null);
  }));

testOnBoth("Lock says that its session is lost", async ({ client, sessions }) => {
  const [one, two] = await sessions(2);
  await client.leases.revoke(one.lease);
  await assertRejects(() => Lock.acquire(one, "job"), SessionLostError);
  await two.close();
  await assertRejects(() => Lock.acquire(two, "job"), SessionLostError);
});

testOnBoth("Lock passes on from sessions that are lost, by growing tokens", async (bench) => {
  const { client, sessions } = bench;
  const tokens: number[] = [];
  let lost = 0;
  const all = await sessions(8);
  await Promise.all(all.map(async (session, i) => {
    try {
      await using lock = await Lock.acquire(session, "job");
      const [front] = (await client.range({ prefix: "job/" }, { sortBy: "create" })).kvs;
      assertEquals(front.name, lock.key);
      tokens.push(lock.token);
      if (i % 3 === 0) await client.leases.revoke(session.lease);
      // They come in turn: the fifth still waits.
      if (i === 1) await client.leases.revoke(all[4].lease);
    } catch (error) {
      if (!(error instanceof SessionLostError)) throw error;
      lost++;
    }
  }));
  assertEquals([tokens.length, lost], [7, 1]);
  assertEquals(tokens, tokens.toSorted((a, b) => a - b));
  assertEquals(await countBelow(client, "job/"), 0);
});

testOnBoth("Lock is not had by who lost its place while it waited", async (bench) => {
  const { client, sessions } = bench;
  const [one, two, three] = await sessions(3);
  const first = await Lock.acquire(one, "job");
  const second = assertRejects(() => Lock.acquire(two, "job"), SessionLostError);
  await until(async () => await countBelow(client, "job/") === 2);
  const third = Lock.acquire(three, "job");
  await until(async () => await countBelow(client, "job/") === 3);
  await client.leases.revoke(two.lease);
  await first.release();
  await second;
  assert((await third).token > first.token);
});

Deno.test("Lock.release() may be repeated, and is when nobody answered", () =>
  withClient(async ({ client, replica, sessions }) => {
    const [session] = await sessions(1);
    const lock = await Lock.acquire(session, "job");
    const { propose } = replica;
    replica.propose = () => Promise.reject(new ReplicaError("request too large", ""));
    await assertRejects(() => lock.release(), KvorumError);
    replica.propose = propose;
    await lock.release();
    assertEquals(await countBelow(client, "job/"), 0);
    const { proposed } = replica;
    await lock.release();
    assertEquals(replica.proposed, proposed);
  }));
