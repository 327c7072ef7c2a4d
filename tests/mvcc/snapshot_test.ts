import { assert, assertEquals, assertThrows } from "@std/assert";
import { DamagedSnapshotError } from "../../src/mvcc/segment.ts";
import { MvccStore } from "../../src/mvcc/store.ts";
import { StoreHarness } from "./store_harness.ts";

function filled(): StoreHarness {
  const h = new StoreHarness(500);
  for (let i = 0; i < 40; i++) h.put(`key ${i % 7}`, `${i}`, i % 3 === 0 ? 5n : 0n);
  h.delete("key 2", "key 4");
  return h;
}

Deno.test("MvccStore.snapshot() shares sealed segments with the next snapshot", () => {
  const h = filled();
  const first = h.store.snapshot().segments;
  h.put("more", "x".repeat(300));
  const second = h.store.snapshot().segments;
  assert(second.length > first.length);
  for (let i = 0; i < first.length - 1; i++) {
    assertEquals(first[i].id, second[i].id);
    assert(first[i].bytes.buffer === second[i].bytes.buffer, "not copied");
  }
});

Deno.test("MvccStore.snapshot() stays as it was while the store goes on", () => {
  const h = filled();
  const snapshot = h.store.snapshot();
  const before = h.all();
  for (let i = 0; i < 100; i++) h.put(`key ${i % 7}`, "later");
  h.compact(h.store.revision);
  const restored = new StoreHarness(500);
  restored.store.restore(snapshot.header, snapshot.segments.map(({ bytes }) => bytes));
  assertEquals(restored.all(), before);
  assertEquals(restored.store.revision, 42);
});

Deno.test("MvccStore.restore() refuses any damaged byte and keeps what it has", () => {
  const { header, segments } = filled().store.snapshot();
  const victim = new StoreHarness(500);
  victim.put("mine");
  const restore = (header: Uint8Array, parts: Uint8Array[]) =>
    assertThrows(() => victim.store.restore(header, parts), DamagedSnapshotError);
  const parts = segments.map(({ bytes }) => bytes.slice());
  for (let i = 0; i < header.length; i++) {
    const damaged = header.slice();
    damaged[i] ^= 0x10;
    restore(damaged, parts);
  }
  for (const [i, part] of parts.entries()) {
    for (let at = 0; at < part.length; at += 3) {
      for (const bit of [0x01, 0x80]) {
        const damaged = part.slice();
        damaged[at] ^= bit;
        restore(header, parts.with(i, damaged));
      }
    }
    for (const length of [0, 1, 63, 64, 65, part.length - 1]) {
      restore(header, parts.with(i, part.slice(0, length)));
    }
  }
  restore(header, parts.slice(1));
  restore(header, parts.toReversed());
  restore(new Uint8Array(0), []);
  assertEquals(victim.all(), ["mine="]);
});

Deno.test("MvccStore.restore() of an empty store gives an empty store", () => {
  const { header, segments } = new MvccStore().snapshot();
  assertEquals(segments, []);
  const h = filled();
  h.store.restore(header, []);
  assertEquals([h.store.revision, h.store.compactRevision, h.store.keyCount], [1, -1, 0]);
  assertEquals(h.put("a"), 2);
});

Deno.test("MvccStore.restore() finds a pending compaction and ends it", () => {
  const h = filled();
  h.store.compact(30);
  h.store.compactStep(1);
  assert(h.store.compacting);
  const { header, segments } = h.store.snapshot();
  const other = new StoreHarness(500);
  other.store.restore(header, segments.map(({ bytes }) => bytes));
  assert(other.store.compacting);
  while (!h.store.compactStep(1));
  while (!other.store.compactStep(1e9));
  assertEquals(other.store.snapshot(), h.store.snapshot());
});
