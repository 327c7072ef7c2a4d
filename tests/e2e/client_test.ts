import { assert, assertEquals } from "@std/assert";
import { compare, connect, type KvorumClient, op } from "../../src/client/mod.ts";
import { LocalCluster } from "./local_cluster.ts";

const ROUNDS = 3;
const WRITERS = 20;

/** Adds one to a counter, whoever else does at the same time. */
async function increment(client: KvorumClient, key: string): Promise<void> {
  for (;;) {
    const counter = await client.get(key);
    const { succeeded } = await client.txn()
      .when(compare.modRevision(key, "==", counter?.modRevision ?? 0))
      .do(op.put(key, String(Number(counter?.text() ?? 0) + 1)))
      .commit();
    if (succeeded) return;
  }
}

/**
 * One client with all endpoints works on while the leader is killed with SIGKILL time after time:
 * nothing fails, nothing is lost, nothing happens twice, and a watch sees each revision once.
 */
Deno.test("connect() hides three kills of the leader from its program", async () => {
  await using cluster = new LocalCluster(3, ["--storage", "file"]);
  await cluster.start();
  const urls = cluster.replicas.map(({ clientUrl }) => clientUrl);
  await using client = connect(urls, { deadlineMs: 30_000 });
  await using watch = client.watch({ prefix: "n/" });
  const first = await watch.opened();
  const seen: number[] = [];
  const watching = (async () => {
    for await (const { revision, events } of watch) {
      for (const _event of events) seen.push(revision);
      if (events.some(({ kv }) => kv.name === "n/end")) return;
    }
  })();
  let writing = true;
  let increments = 0;
  let puts = 0;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; writing; i++) {
      await increment(client, `n/counter/${writer}`);
      increments++;
      // A put that was applied twice would show as a version that is one too high.
      await client.put(`n/${writer}`, String(i));
      puts++;
    }
  });
  for (let round = 0; round < ROUNDS; round++) {
    const before = puts;
    while (puts < before + 200) await new Promise((resolve) => setTimeout(resolve, 10));
    const leader = await cluster.leader();
    const lines = leader.lines.length;
    await leader.end("SIGKILL");
    const during = puts;
    while (puts < during + 100) await new Promise((resolve) => setTimeout(resolve, 10));
    leader.start();
    await leader.line("ready to serve", lines);
  }
  writing = false;
  await Promise.all(writers);
  const { revision: last } = await client.put("n/end", "");
  await watching;
  const counters = await client.range({ prefix: "n/counter/" });
  const sum = counters.kvs.reduce((total, kv) => total + Number(kv.text()), 0);
  assertEquals(sum, increments);
  let versions = 0;
  for (let writer = 0; writer < WRITERS; writer++) {
    versions += (await client.get(`n/${writer}`))?.version ?? 0;
  }
  assertEquals(versions, puts);
  assertEquals(seen, Array.from({ length: last - first + 1 }, (_, i) => first + i));
  assert(puts >= ROUNDS * 300);
});
