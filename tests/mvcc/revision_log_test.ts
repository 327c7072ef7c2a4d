import { assert, assertEquals } from "@std/assert";
import { SeededPrng } from "../../src/base/prng.ts";
import { AT_JUMP_MAIN, AT_PREV_MAIN } from "../../src/mvcc/record.ts";
import { bytesOf, text } from "../model/kv_model.ts";
import { StoreHarness } from "./store_harness.ts";

/** How many links lead from a key's newest record to the one that a revision sees, as `seek` goes. */
function stepsTo(h: StoreHarness, key: string, revision: number): number {
  const { log, table } = h.store;
  const entry = table.find(bytesOf(key));
  let segment = table.segment(entry);
  let offset = table.offset(entry);
  let steps = 0;
  for (; segment.main(offset) > revision; steps++) {
    const jump = segment.view.getFloat64(offset + AT_JUMP_MAIN, true);
    const previous = segment.view.getFloat64(offset + AT_PREV_MAIN, true);
    assert(log.find(jump > revision ? jump : previous, 0));
    segment = log.segment;
    offset = log.offset;
  }
  return steps;
}

Deno.test("RevisionLog.link() makes every old revision of a key a few steps away", () => {
  const h = new StoreHarness(10_000);
  const longest = (from: number) => {
    let longest = 0;
    for (let revision = from; revision <= h.store.revision; revision++) {
      longest = Math.max(longest, stepsTo(h, "hot", revision));
    }
    return longest;
  };
  for (let i = 0; i < 3000; i++) h.put("hot", `${i}`);
  // Myers: at most 3 log2(n + 1) - 2 steps in a chain of n.
  assert(longest(2) <= 3 * Math.log2(3001) - 2);
  h.compact(2500);
  for (let i = 0; i < 3000; i++) h.put("hot", `${i}`);
  assert(longest(2500) <= 3 * Math.log2(6001) - 2, "the chain goes on over a compaction");
  for (const revision of [2500, 2501, 3001, 3002, 4000, 6001]) {
    assertEquals(h.all(revision), [`hot=${(revision - 2) % 3000}`]);
  }
});

Deno.test("RevisionLog writes the same records however far the scrub is", () => {
  const prng = new SeededPrng(11);
  for (let round = 0; round < 30; round++) {
    const eager = new StoreHarness(500);
    const lazy = new StoreHarness(500);
    for (let i = 0; i < 200; i++) {
      const key = `k${prng.between(0, 6)}`;
      const choice = prng.next();
      for (const h of [eager, lazy]) {
        if (choice < 0.6) h.put(key, `${i}`);
        else if (choice < 0.9) h.delete(key);
        else h.store.compact(h.store.revision - Math.floor((choice - 0.9) * 100));
      }
      while (!eager.store.compactStep(1));
      if (prng.chance(0.02)) lazy.store.compactStep(1);
    }
    for (const h of [eager, lazy]) {
      h.put("last");
      h.compact(h.store.revision);
    }
    assertEquals(recordsOf(lazy), recordsOf(eager));
  }
});

/** All records as bytes, wherever segments end. */
function recordsOf(h: StoreHarness): string {
  return h.store.snapshot().segments.map(({ bytes }) => text(bytes)).join("");
}

Deno.test("RevisionLog keeps a record larger than a segment in one of its own", () => {
  const h = new StoreHarness(1000);
  const large = "x".repeat(5000);
  for (const [key, value] of [["a", "1"], ["b", large], ["c", "2"], ["d", large], ["b", "3"]]) {
    h.put(key, value);
  }
  assertEquals(h.all(), ["a=1", "b=3", "c=2", `d=${large}`]);
  assertEquals(h.all(4), ["a=1", `b=${large}`, "c=2"]);
  assertEquals(h.store.log.segments.map(({ count }) => count), [1, 1, 1, 1, 1]);
  h.compact(6);
  assertEquals(h.all(), ["a=1", "b=3", "c=2", `d=${large}`]);
  assert(h.store.bytesTotal < 7000 + 1000);
});
