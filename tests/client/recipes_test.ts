import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServices } from "../../src/api/services/methods.ts";
import { PLAIN_CONTEXT } from "../../src/api/call_context.ts";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import {
  connect,
  type KvorumClient,
  leaderOf,
  Leadership,
  Lock,
  observeLeader,
  Session,
  SessionLostError,
} from "../../src/client/mod.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { ManualClock } from "../transport/manual_clock.ts";

/** Time that a test moves, in turns that come by themselves. */
class TestClock extends ManualClock {
  override defer(fn: () => void): void {
    queueMicrotask(fn);
  }
}

interface Bench {
  readonly client: KvorumClient;
  readonly replica: LocalReplica;
  readonly clock: TestClock;
  /** Lets time pass for the client and the replica, in steps in which everybody gets their turn. */
  readonly pass: (durationMs: number) => Promise<void>;
}

async function withClient(run: (bench: Bench) => Promise<void>): Promise<void> {
  const replica = new LocalReplica();
  using server = new MultiplexServer({ replica });
  const clock = new TestClock();
  await using client = connect(() => server.connect(), { clock });
  const pass = async (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
      clock.advance(100);
      replica.state.nowMs += 100;
      await turn();
    }
  };
  await run({ client, replica, clock, pass });
}

/** Lets all that is under way inside this program happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

Deno.test("Session keeps its lease alive, and ends it", () =>
  withClient(async ({ client, pass }) => {
    const session = await Session.open(client, { ttlSeconds: 6 });
    await client.put("k", "1", { lease: session.lease });
    await pass(30_000);
    assertEquals(session.lost.aborted, false);
    const { remainingSeconds } = await client.leases.state(session.lease);
    assert(remainingSeconds >= 4, `${remainingSeconds} s are left`);
    await session.close();
    assert(session.lost.aborted);
    assertEquals(await client.get("k"), null);
  }));

Deno.test("Session is lost when its lease is gone", () =>
  withClient(async ({ client, pass }) => {
    const session = await Session.open(client, { ttlSeconds: 6 });
    await client.leases.revoke(session.lease);
    await pass(1_900);
    assertEquals(session.lost.aborted, false);
    await pass(200);
    assert(session.lost.reason instanceof SessionLostError);
    await session.close();
  }));

Deno.test("Session is lost when nobody can say that its lease lives", () =>
  withClient(async ({ client, replica, pass }) => {
    const session = await Session.open(client, { ttlSeconds: 6 });
    await pass(2_100);
    replica.renewLease = () => new Promise(() => {});
    // It was renewed at 2 s, so it may have ended at 8 s.
    await pass(5_800);
    assertEquals(session.lost.aborted, false);
    await pass(200);
    assert(session.lost.aborted);
  }));

Deno.test("Lock is held by one session at a time, in turn", () =>
  withClient(async ({ client }) => {
    const sessions = [];
    for (let i = 0; i < 5; i++) sessions.push(await Session.open(client));
    const order: number[] = [];
    const tokens: number[] = [];
    let holders = 0;
    await Promise.all(sessions.map(async (session, i) => {
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
    for (const session of sessions) await session.close();
  }));

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

Deno.test("Leadership passes on, and observers see it", () =>
  withClient(async ({ client }) => {
    const [one, two] = [await Session.open(client), await Session.open(client)];
    const seen: string[] = [];
    const controller = new AbortController();
    const observing = (async () => {
      const { signal } = controller;
      for await (const leader of observeLeader(client, "e", { signal })) {
        seen.push(leader?.text() ?? "nobody");
      }
    })();
    const until = async (count: number) => {
      while (seen.length < count) await turn();
    };
    await until(1);
    const first = await Leadership.campaign(one, "e", "one");
    await until(2);
    const second = Leadership.campaign(two, "e", "two");
    await first.proclaim("one again");
    await until(3);
    assertEquals((await leaderOf(client, "e"))?.text(), "one again");
    await first.resign();
    const leadership = await second;
    await until(4);
    assert(leadership.token > first.token);
    await assertRejects(() => first.proclaim("late"), Error, "election: not leader");
    await two.close();
    await until(5);
    assertEquals(seen, ["nobody", "one", "one again", "two", "nobody"]);
    assertEquals(await leaderOf(client, "e"), null);
    controller.abort(new Error("enough"));
    await assertRejects(() => observing, Error, "enough");
  }));
