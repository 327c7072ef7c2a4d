import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import {
  compare,
  connect,
  type KvorumClient,
  leaderOf,
  Leadership,
  Lock,
  namespaced,
  op,
  Session,
} from "../../src/client/mod.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { take, transportSuite } from "./transport_suite.ts";

transportSuite("namespaced()", (replica) => {
  const server = new MultiplexServer({ replica });
  const outside = connect(() => server.connect());
  const client = namespaced(outside, Uint8Array.of(0x6e, 0xff));
  client.close = () => outside.close();
  return Promise.resolve({
    client,
    replica,
    async [Symbol.asyncDispose]() {
      await outside.close();
      server.close();
    },
  });
});

async function withClients(
  run: (outside: KvorumClient, inside: KvorumClient) => Promise<void>,
): Promise<void> {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  await using outside = connect(() => server.connect());
  await run(outside, namespaced(outside, "app/"));
}

const namesOf = async (client: KvorumClient) =>
  (await client.range({ all: true }, { keysOnly: true })).kvs.map(({ name }) => name);

Deno.test("namespaced() shows and touches only what is below its prefix", () =>
  withClients(async (outside, inside) => {
    for (const key of ["app", "app/1", "app0", "b", "a"]) await outside.put(key, "outside");
    await inside.put("2", "inside");
    assertEquals(await namesOf(inside), ["1", "2"]);
    const rows = [{ from: "2" }, { from: "" }, { from: "1", to: "2" }, { prefix: "" }] as const;
    const counts = await Promise.all(rows.map((range) => inside.range(range)));
    assertEquals(counts.map(({ count }) => count), [1, 2, 1, 2]);
    const { deleted, previous } = await inside.delete({ all: true }, { previous: true });
    assertEquals([deleted, previous.map(({ name }) => name)], [2, ["1", "2"]]);
    assertEquals(await namesOf(outside), ["a", "app", "app0", "b"]);
  }));

Deno.test("namespaced() translates transactions on their way in and out", () =>
  withClients(async (outside, inside) => {
    await outside.put("app/k", "1");
    await outside.put("app/m", "1");
    const outcome = await inside.txn()
      .when(compare.value("k", "==", "1"), compare.missing("l"))
      .do(op.put("k", "2", { previous: true }), op.range({ from: "l" }), op.delete("m"))
      .commit();
    if (!outcome.succeeded) throw new Error("the conditions hold");
    const [put, range] = outcome.results;
    assertEquals([put.previous?.name, range.kvs.map(({ name }) => name)], ["k", ["m"]]);
    assertEquals(await namesOf(outside), ["app/k"]);
  }));

Deno.test("namespaced() watches, and names only its own keys of a lease", () =>
  withClients(async (outside, inside) => {
    await using watch = inside.watch({ all: true }, { previous: true });
    await watch.opened();
    const { id } = await inside.leases.grant(60);
    await outside.put("other", "1", { lease: id });
    await inside.put("k", "1", { lease: id });
    await inside.put("k", "2", { lease: id });
    const batches = await take(watch, 2);
    const seen = batches.flatMap(({ events }) =>
      events.map(({ kv, previous }) => [kv.name, previous?.name ?? null])
    );
    assertEquals(seen, [["k", null], ["k", "k"]]);
    const { keys } = await inside.leases.state(id, { keys: true });
    assertEquals(keys, [Uint8Array.of(0x6b)]);
  }));

Deno.test("namespaced() keeps locks and elections apart", () =>
  withClients(async (outside, inside) => {
    await using here = await Session.open(inside);
    await using there = await Session.open(outside);
    await using lock = await Lock.acquire(here, "job");
    await using other = await Lock.acquire(there, "job");
    assertEquals(lock.key.startsWith("job/"), true);
    assertEquals((await outside.get(`app/${lock.key}`))?.lease, here.lease);
    assertEquals(await Lock.tryAcquire(there, "app/job"), null);
    await using _leadership = await Leadership.campaign(here, "boss", "ann");
    assertEquals((await leaderOf(inside, "boss"))?.text(), "ann");
    assertEquals(await leaderOf(outside, "boss"), null);
    assertEquals(other.lost.aborted, false);
  }));

Deno.test("namespaced() refuses an empty prefix and an empty key", () =>
  withClients(async (outside, inside) => {
    assertThrows(() => namespaced(outside, ""), TypeError);
    await assertRejects(() => inside.put("", "1"), Error, "key is not provided");
    await assertRejects(() => inside.get(""), Error, "key is not provided");
    assertEquals(await namesOf(outside), []);
  }));
