import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import {
  connect,
  type KvorumClient,
  mirror,
  type MirrorOptions,
  type MirrorProgress,
  op,
} from "../../src/client/mod.ts";
import { LocalReplica } from "../api/local_replica.ts";

async function withTwo(
  run: (source: KvorumClient, target: KvorumClient) => Promise<void>,
): Promise<void> {
  using first = new MultiplexServer({ replica: new LocalReplica() });
  using second = new MultiplexServer({ replica: new LocalReplica() });
  await using source = connect(() => first.connect());
  await using target = connect(() => second.connect());
  await run(source, target);
}

async function contents(client: KvorumClient, prefix = ""): Promise<Record<string, string>> {
  const { kvs } = await client.range({ prefix });
  return Object.fromEntries(kvs.map((kv) => [kv.name.slice(prefix.length), kv.text()]));
}

/** Mirrors until the target has got to a revision. */
async function mirrorUntil(
  source: KvorumClient,
  target: KvorumClient,
  revision: number,
  options?: MirrorOptions,
): Promise<MirrorProgress[]> {
  const steps: MirrorProgress[] = [];
  for await (const progress of mirror(source, target, options)) {
    steps.push(progress);
    if (progress.revision >= revision) break;
  }
  return steps;
}

Deno.test("mirror() copies what there is, deletes what there is not, and follows", () =>
  withTwo(async (source, target) => {
    await source.put("a/1", "one");
    await source.put("a/2", "two");
    await source.put("b", "not below");
    await target.put("x/2", "two");
    await target.put("x/0", "stale");
    await target.put("x/9", "stale");
    await target.put("y", "untouched");
    const steps = mirror(source, target, { prefix: "a/", destPrefix: "x/" });
    const base = (await steps.next()).value;
    assertEquals(base, { type: "base", revision: 4, puts: 1, deletes: 2 });
    await source.txn().do(op.put("a/3", "three"), op.delete("a/1"), op.put("b", "2")).commit();
    const change = (await steps.next()).value;
    assertEquals(change, { type: "change", revision: 5, puts: 1, deletes: 1 });
    await steps.return();
    assertEquals(await contents(target), { "x/2": "two", "x/3": "three", y: "untouched" });
  }));

Deno.test("mirror() goes on where it was, and compares again after a compaction", () =>
  withTwo(async (source, target) => {
    const options = { prefix: "k", progressKey: "progress" };
    await source.put("k1", "1");
    await mirrorUntil(source, target, 2, options);
    await source.put("k2", "2");
    await source.delete("k1");
    const resumed = await mirrorUntil(source, target, 4, options);
    assertEquals(resumed.map(({ type, revision }) => [type, revision]), [["change", 3], [
      "change",
      4,
    ]]);
    assertEquals((await target.get("progress"))?.text(), "4");
    for (let i = 3; i < 9; i++) await source.put(`k${i}`, `${i}`);
    await source.delete("k2");
    const { revision } = await source.delete("k3");
    await source.compact(revision);
    const again = await mirrorUntil(source, target, revision, options);
    assertEquals(again.map(({ type }) => type), ["base"]);
    assertEquals(await contents(target, "k"), await contents(source, "k"));
  }));

Deno.test("mirror() cuts large revisions into transactions that a server takes", () =>
  withTwo(async (source, target) => {
    const keys = Array.from({ length: 500 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => source.put(key, "x".repeat(5_000))));
    const within = mirror(source, target, { progressKey: "k/at", prefix: "k" });
    await assertRejects(() => within.next(), TypeError);
    const good = mirror(source, target, { prefix: "k", destPrefix: "m" });
    const base = (await good.next()).value;
    assertEquals(base?.puts, 500);
    await source.delete({ prefix: "k" });
    const change = (await good.next()).value;
    assertEquals(change?.deletes, 500);
    await good.return();
    assertEquals(await contents(target), {});
  }));

Deno.test("mirror() makes the target equal, whatever it had", () =>
  fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ maxLength: 2 }), fc.string({ maxLength: 2 })),
      fc.dictionary(fc.string({ maxLength: 2 }), fc.string({ maxLength: 2 })),
      (ours, theirs) =>
        withTwo(async (source, target) => {
          for (const [key, value] of Object.entries(ours)) await source.put(`s/${key}`, value);
          for (const [key, value] of Object.entries(theirs)) await target.put(`t/${key}`, value);
          await mirrorUntil(source, target, 1, { prefix: "s/", destPrefix: "t/" });
          assertEquals(await contents(target, "t/"), await contents(source, "s/"));
        }),
    ),
    { numRuns: 30 },
  ));
