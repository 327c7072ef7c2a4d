import { assert, assertEquals, assertRejects } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import {
  type Clock,
  compare,
  connect,
  type KvorumClient,
  KvorumError,
  leasing,
  op,
  OutcomeUnknownError,
} from "../../src/client/mod.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { ManualClock } from "../transport/manual_clock.ts";

const PREFIX = "leasing/";

/** Time that a test moves, in turns that come by themselves. */
class TestClock extends ManualClock {
  override defer(fn: () => void): void {
    queueMicrotask(fn);
  }
}

interface Bench {
  readonly replica: LocalReplica;
  /** A client without a cache. */
  readonly plain: KvorumClient;
  /** Another program's client with a cache. */
  readonly cached: (clock?: Clock) => KvorumClient;
}

async function withBench(run: (bench: Bench) => Promise<void>): Promise<void> {
  const replica = new LocalReplica();
  using server = new MultiplexServer({ replica });
  await using stack = new AsyncDisposableStack();
  const connected = (clock: Clock = PLATFORM_CLOCK) =>
    stack.use(connect(() => server.connect(), { clock }));
  const cached = (clock?: Clock) => stack.use(leasing(connected(clock), PREFIX));
  await run({ replica, plain: connected(), cached });
}

/** How often the cluster was asked for anything while something was done. */
async function askedDuring(replica: LocalReplica, run: () => Promise<unknown>): Promise<number> {
  const before = replica.linearized + replica.proposed;
  await run();
  return replica.linearized + replica.proposed - before;
}

async function possessed(plain: KvorumClient): Promise<string[]> {
  const { kvs } = await plain.range({ prefix: PREFIX });
  return kvs.map(({ name }) => name.slice(PREFIX.length));
}

Deno.test("leasing() answers what it possesses without asking, missing keys too", () =>
  withBench(async ({ replica, plain, cached }) => {
    await plain.put("k", "1");
    const client = cached();
    assertEquals((await client.get("k"))?.text(), "1");
    assertEquals(await client.get("none"), null);
    assertEquals(await possessed(plain), ["k", "none"]);
    const asked = await askedDuring(replica, async () => {
      for (let i = 0; i < 10; i++) {
        assertEquals((await client.get("k"))?.modRevision, 2);
        assertEquals(await client.get("none"), null);
      }
    });
    assertEquals(asked, 0);
  }));

Deno.test("leasing() lets no write of others past what it possesses", () =>
  withBench(async ({ plain, cached }) => {
    const [reader, writer] = [cached(), cached()];
    for (let round = 0; round < 5; round++) {
      assertEquals((await reader.get("k"))?.text() ?? "", round === 0 ? "" : `${round - 1}`);
      await writer.put("k", `${round}`);
      assertEquals((await reader.get("k"))?.text(), `${round}`);
      if (round === 3) await writer.delete({ all: true });
      if (round === 3) assertEquals(await reader.get("k"), null);
      if (round === 3) await writer.put("k", "3");
    }
    assertEquals((await plain.get("k"))?.text(), "4");
  }));

Deno.test("leasing() knows its own writes, and keeps the key", () =>
  withBench(async ({ replica, plain, cached }) => {
    const client = cached();
    await client.get("k");
    await client.put("k", "1");
    assertEquals((await client.get("k"))?.text(), "1");
    const outcome = await client.txn()
      .when(compare.value("k", "==", "1"))
      .do(op.put("k", "2"), op.get("k"))
      .commit();
    assert(outcome.succeeded);
    assertEquals([outcome.results[1]?.text(), (await client.get("k"))?.text()], ["2", "2"]);
    assertEquals(await askedDuring(replica, () => client.get("k")), 0);
    assertEquals((await client.delete("k", { previous: true })).previous[0].text(), "2");
    assertEquals(await client.get("k"), null);
    assertEquals(await possessed(plain), ["k"]);
    // A range that covers a possession takes it back.
    await client.delete({ prefix: "k" });
    assertEquals(await possessed(plain), []);
  }));

Deno.test("leasing() gives a key back that etcd's clients ask for", () =>
  withBench(async ({ plain, cached }) => {
    const client = cached();
    await client.get("k");
    const mark = await plain.get(`${PREFIX}k`);
    assert(mark !== null && mark.lease !== 0n);
    assertEquals(mark.text(), "");
    const watch = plain.watch(`${PREFIX}k`, { without: "puts" });
    await watch.opened();
    await plain.put(`${PREFIX}k`, "REVOKE", { keepLease: true });
    for await (const _batch of watch) break;
    await plain.put("k", "1");
    assertEquals((await client.get("k"))?.text(), "1");
  }));

Deno.test("leasing() possesses no key that its lease may delete", () =>
  withBench(async ({ replica, plain, cached }) => {
    const { id } = await plain.leases.grant(100);
    await plain.put("leased", "1", { lease: id });
    const client = cached();
    await client.get("leased");
    await client.get("later");
    await client.put("later", "2", { lease: id });
    assertEquals((await client.get("later"))?.text(), "2");
    await plain.leases.revoke(id);
    assertEquals([await client.get("leased"), await client.get("later")], [null, null]);
    assert(await askedDuring(replica, () => client.get("leased")) > 0);
  }));

Deno.test("leasing() forgets when its lease may have run out, though no timer could say so", () =>
  withBench(async ({ replica, plain, cached }) => {
    let stoodStillMs = 0;
    const clock: Clock = {
      ...PLATFORM_CLOCK,
      nowMs: () => PLATFORM_CLOCK.nowMs() + stoodStillMs,
      after: (delayMs, fn) => PLATFORM_CLOCK.after(delayMs, fn),
      every: (periodMs, fn) => PLATFORM_CLOCK.every(periodMs, fn),
    };
    const client = cached(clock);
    await plain.put("k", "1");
    await client.get("k");
    assertEquals(await askedDuring(replica, () => client.get("k")), 0);
    stoodStillMs = 60_000;
    await plain.put("k", "2");
    assertEquals((await client.get("k"))?.text(), "2");
  }));

Deno.test("leasing() gives all back when it is closed, and works on without", () =>
  withBench(async ({ plain, cached }) => {
    const client = cached();
    await Promise.all(["a", "b", "c"].map((key) => client.get(key)));
    await client.get("a");
    await client.close();
    assertEquals(await possessed(plain), []);
    assertEquals(await client.get("a"), null);
    await client.put("a", "1");
    assertEquals((await client.get("a"))?.text(), "1");
    assertEquals(await plain.leases.list(), []);
  }));

Deno.test("leasing() says so when a key is not given back by the deadline", () =>
  withBench(async ({ plain, cached }) => {
    const { id } = await plain.leases.grant(1_000);
    await plain.put(`${PREFIX}k`, "", { lease: id });
    const clock = new TestClock();
    const client = cached(clock);
    const late = assertRejects(() => client.put("k", "1"), KvorumError, "deadline");
    while ((await plain.get(`${PREFIX}k`))?.text() !== "REVOKE");
    clock.advance(10_000);
    assert(!(await late instanceof OutcomeUnknownError));
    assertEquals(await plain.get("k"), null);
    const put = client.put("k", "1");
    await plain.leases.revoke(id);
    await put;
    assertEquals((await plain.get("k"))?.text(), "1");
  }));

Deno.test("leasing() stops a write that comes late, after its outcome was given up", () =>
  withBench(async ({ replica, plain, cached }) => {
    const clock = new TestClock();
    const client = cached(clock);
    await client.get("k");
    const { propose } = replica;
    const held = Promise.withResolvers<void>();
    const late = Promise.withResolvers<boolean>();
    const arrived = new Promise<void>((resolve) => {
      replica.propose = async (...args) => {
        replica.propose = propose;
        resolve();
        await held.promise;
        const result = await propose.apply(replica, args);
        late.resolve((result.response as { succeeded: boolean }).succeeded);
        return result;
      };
    });
    const put = assertRejects(() => client.put("k", "late"), OutcomeUnknownError);
    await arrived;
    clock.advance(10_000);
    await put;
    while ((await possessed(plain)).length > 0);
    assertEquals(await client.get("k"), null);
    assertEquals(await possessed(plain), ["k"]);
    held.resolve();
    assertEquals(await late.promise, false);
    assertEquals([await client.get("k"), await plain.get("k")], [null, null]);
  }));

Deno.test("leasing() hears over another connection that a key is wanted back", async () => {
  const replica = new LocalReplica();
  using first = new MultiplexServer({ replica });
  using second = new MultiplexServer({ replica });
  let server = first;
  await using inner = connect(() => server.connect());
  await using outer = connect(() => second.connect());
  await using reader = leasing(inner, PREFIX);
  await using writer = leasing(outer, PREFIX);
  await reader.get("k");
  first.close();
  const put = writer.put("k", "1");
  while ((await outer.get(`${PREFIX}k`))?.text() !== "REVOKE");
  server = second;
  await put;
  assertEquals((await reader.get("k"))?.text(), "1");
});

Deno.test("leasing() gives the oldest key back where there are too many", async () => {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  await using inner = connect(() => server.connect());
  await using cached = leasing(inner, PREFIX, { keysMax: 3 });
  for (const key of ["a", "b", "c", "d", "e"]) await cached.get(key);
  while ((await possessed(inner)).length > 3);
  assertEquals(await possessed(inner), ["c", "d", "e"]);
});

Deno.test("leasing() never answers with less than what was written before", () =>
  withBench(async ({ cached }) => {
    const clients = [cached(), cached(), cached()];
    const written = new Map<string, number>();
    const keys = ["a", "b"];
    let next = 0;
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    const busy = new Set<string>();
    const act = async (client: KvorumClient) => {
      for (let i = 0; i < 60; i++) {
        const key = keys[random(keys.length)];
        if (random(4) > 0 || busy.has(key)) {
          const least = written.get(key) ?? 0;
          const read = Number((await client.get(key))?.text() ?? 0);
          assert(read >= least, `${key} was ${least} before, and read as ${read}`);
        } else {
          busy.add(key);
          const value = ++next;
          await client.put(key, `${value}`);
          written.set(key, value);
          busy.delete(key);
        }
      }
    };
    await Promise.all(clients.flatMap((client) => [act(client), act(client)]));
    assert(next > 10);
  }));
