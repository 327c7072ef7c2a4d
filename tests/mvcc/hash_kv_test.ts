import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SeededPrng } from "../../src/base/prng.ts";
import type { KvHash } from "../../src/mvcc/hash_kv.ts";
import type { MvccStore } from "../../src/mvcc/store.ts";
import { StoreHarness } from "./store_harness.ts";

// The sums were given by etcd 3.4.23 (etcdctl endpoint hashkv) for the same commands.
Deno.test("MvccStore.hashKv() gives the sums that etcd gives", () => {
  const h = new StoreHarness();
  const sum = (revision = 0) => {
    const result = h.store.hashKv(revision);
    return typeof result === "string" ? result : result.hash;
  };
  h.put("a", "1");
  assertEquals(sum(), 2587454935);
  h.put("b", "2");
  h.put("a", "3");
  assertEquals(sum(), 2069675932);
  h.delete("b");
  assertEquals(sum(), 1125682900);
  assertEquals(sum(3), 1827592406);
  h.put("b");
  h.put("c", "x".repeat(200));
  assertEquals(sum(), 1555916179);
  h.compact(5);
  assertEquals(sum(), 1917853594, "the tombstone at the compact revision does not count");
  h.put("a", "9");
  assertEquals(sum(), 4037175796, "nor does a value before it that was replaced");
  h.compact(7);
  assertEquals(sum(), 4037175796);
  h.delete("a", "z");
  assertEquals(sum(), 2462177115, "without keys alive, what compaction left counts");
  assertEquals(sum(8), 4037175796);
  h.compact(9);
  assertEquals(sum(), 1084519789);
  h.put("k", "v", 0x0f14a2025e8ad210n);
  assertEquals(sum(), 1179470958);
});

Deno.test("MvccStore.hashKv() does not depend on how far the scrub is", () => {
  const h = new StoreHarness(200);
  for (let i = 0; i < 30; i++) h.put(`k${i % 5}`, `${i}`);
  h.delete("k2");
  h.store.compact(20);
  const before = h.store.hashKv(0);
  while (!h.store.compactStep(1)) assertEquals(h.store.hashKv(0), before);
  assertEquals(h.store.hashKv(0), before);
});

Deno.test("MvccStore.hashKv() refuses revisions that it cannot hash", () => {
  const h = new StoreHarness();
  for (let i = 0; i < 5; i++) h.put("a");
  h.compact(4);
  assertEquals(h.store.hashKv(3), "compacted");
  assertEquals(h.store.hashKv(7), "future revision");
  assertEquals(typeof h.store.hashKv(4), "object");
});

/** The result of a pass whose steps take one record each, with other work between them. */
function hashBetween(store: MvccStore, revision: number, work: () => void): KvHash | string {
  const pass = store.beginHash(revision);
  for (;;) {
    const result = pass.step(1);
    if (result !== null) return result;
    work();
  }
}

Deno.test("HashPass.step() gives the same sum while the store changes", () => {
  fc.assert(fc.property(fc.nat(), (seed) => {
    const prng = new SeededPrng(seed);
    const h = new StoreHarness(300);
    const write = () => {
      const key = `k${prng.between(0, 6)}`;
      if (prng.chance(0.2)) h.delete(key);
      else h.put(key, "v".repeat(prng.between(0, 40)));
    };
    for (let i = 0; i < 40; i++) write();
    h.store.compact(prng.between(2, h.store.revision));
    const revision = prng.between(h.store.compactRevision, h.store.revision + 1);
    const before = h.store.hashKv(revision);
    const during = hashBetween(h.store, revision, () => {
      if (prng.chance(0.5)) write();
      if (prng.chance(0.5)) h.store.compactStep(1);
    });
    assertEquals(during, before);
  }));
});

Deno.test("HashPass.step() begins anew after a compaction, and ends however many there are", () => {
  const h = new StoreHarness(300);
  for (let i = 0; i < 200; i++) h.put(`k${i % 7}`, `${i}`);
  let compactions = 0;
  const revision = h.store.revision;
  const during = hashBetween(h.store, revision, () => h.compact(++compactions + 1));
  assertEquals(during, h.store.hashKv(revision));
  assert(compactions < 10, `${compactions} compactions`);
  assertEquals(hashBetween(h.store, 150, () => h.store.compact(160)), "compacted");
});

Deno.test("HashPass.step() begins anew when a snapshot replaces the store", () => {
  const [h, other] = [new StoreHarness(300), new StoreHarness(300)];
  for (let i = 0; i < 20; i++) h.put(`k${i}`);
  for (let i = 0; i < 30; i++) other.put(`o${i}`);
  let restored = false;
  const during = hashBetween(h.store, 0, () => {
    if (restored) return;
    restored = true;
    const { header, segments } = other.store.snapshot();
    h.store.restore(header, segments.map(({ bytes }) => bytes));
  });
  assertEquals(during, other.store.hashKv(0));
});

Deno.test("HashPass.step() looks in steps for a key that was alive", () => {
  const h = new StoreHarness(300);
  for (let i = 0; i < 50; i++) h.put("gone");
  h.delete("gone");
  const dead = h.store.revision;
  for (let i = 0; i < 20; i++) h.put(`later${i}`);
  h.store.compact(dead - 20);
  let steps = 0;
  const during = hashBetween(h.store, dead, () => steps++);
  assertEquals(during, h.store.hashKv(dead));
  assert(steps >= 2 * 51, `${steps} steps`);
});
