import { assert, assertEquals } from "@std/assert";
import { SEGMENT_BYTES, SEGMENT_RECORDS_MAX } from "../../src/base/limits.ts";
import { StoreHarness } from "./store_harness.ts";

/** The history that `isKept` explains: put 2, put 4, delete 6, put 8; `x` fills the gaps. */
function explained(): StoreHarness {
  const h = new StoreHarness(150);
  h.put("k", "2");
  h.put("x");
  h.put("k", "4");
  h.put("x");
  h.delete("k");
  h.put("x");
  h.put("k", "8");
  h.put("z", "z".repeat(200));
  return h;
}

Deno.test("MvccStore.compact() keeps what reads and watches after it need", () => {
  const cases: [number, string[]][] = [
    [3, ["2.0 k", "4.0 k", "6.0 -k", "8.0 k"]],
    [4, ["4.0 k", "6.0 -k", "8.0 k"]],
    [5, ["4.0 k", "6.0 -k", "8.0 k"]],
    [6, ["6.0 -k", "8.0 k"]],
    [7, ["8.0 k"]],
    [9, ["8.0 k"]],
  ];
  for (const [revision, kept] of cases) {
    const h = explained();
    h.compact(revision);
    assertEquals(
      h.records().filter((line) => line.endsWith("k")),
      kept,
      `compacted at ${revision}`,
    );
  }
});

Deno.test("MvccStore.compact() takes effect at once and refuses to go back", () => {
  const h = explained();
  const before = [4, 5, 6, 7, 8, 9].map((revision) => h.all(revision));
  assertEquals(h.store.compact(4), null);
  assertEquals(h.store.range({ ...RANGE_ALL, revision: 3 }), "compacted");
  assertEquals([4, 5, 6, 7, 8, 9].map((revision) => h.all(revision)), before);
  assertEquals(h.store.compact(4), "compacted");
  assertEquals(h.store.compact(10), "future revision");
});

const RANGE_ALL = {
  key: new Uint8Array(1),
  rangeEnd: new Uint8Array(1),
  limit: 0,
  revision: 0,
  sortOrder: 0,
  sortTarget: 0,
  keysOnly: false,
  countOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
};

Deno.test("MvccStore.compactStep() gives superseded bytes back", () => {
  const h = new StoreHarness(4096);
  for (let i = 0; i < 2000; i++) h.put(`key ${i % 20}`, "v".repeat(100));
  const before = h.store.bytesTotal;
  h.compact(h.store.revision);
  assert(h.store.bytesTotal < before / 20);
  assert(h.store.bytesInUse <= h.store.bytesTotal);
  assertEquals(h.all().length, 20);
});

Deno.test("MvccStore.compactStep() forgets deleted keys", () => {
  const h = new StoreHarness(1024);
  for (let i = 0; i < 300; i++) h.put(`key ${i}`);
  h.delete("key", "kez");
  h.put("last", "x".repeat(1024));
  assertEquals(h.store.table.size, 301);
  h.compact(h.store.revision);
  assertEquals(h.store.table.size, 1);
  assertEquals(h.records(), [`${h.store.revision}.0 last`]);
});

Deno.test("MvccStore.compactStep() leaves the same segments whatever the steps", () => {
  const segmentsAfter = (budgetBytes: number) => {
    const h = new StoreHarness(1500);
    for (let i = 0; i < 800; i++) h.put(`key ${(i * 7) % 90}`, "v".repeat(i % 50));
    h.delete("key 3", "key 5");
    for (let i = 0; i < 40; i++) h.put(`key ${i}`);
    h.store.compact(700);
    while (!h.store.compactStep(budgetBytes));
    return h.store.snapshot().segments.map(({ id }) => id);
  };
  const whole = segmentsAfter(1e9);
  assertEquals(segmentsAfter(1), whole);
  assertEquals(segmentsAfter(4000), whole);
});

Deno.test("MvccStore.compactStep() joins small segments", () => {
  const h = new StoreHarness(2000);
  for (let i = 0; i < 400; i++) h.put(i % 20 === 0 ? `kept ${i}` : "often", "v".repeat(50));
  const before = h.store.log.segments.length;
  h.compact(h.store.revision);
  assert(h.store.log.segments.length < before / 6);
  assertEquals(h.all().length, 21);
});

Deno.test("MvccStore.compactStep() comes back for what becomes superfluous later", () => {
  const h = new StoreHarness(400);
  for (const key of ["x", "y", "stays"]) h.put(key, "1");
  h.put("x", "2");
  for (let i = 0; i < 5; i++) h.put("filler", "f".repeat(300));
  h.put("y", "2");
  h.put("filler", "f".repeat(400));
  const kept = (revision: number) => {
    h.compact(revision);
    return h.records().filter((line) => !line.endsWith("filler"));
  };
  assertEquals(kept(5), ["3.0 y", "4.0 stays", "5.0 x", "11.0 y"]);
  assertEquals(kept(6), ["3.0 y", "4.0 stays", "5.0 x", "11.0 y"]);
  assertEquals(kept(11), ["4.0 stays", "5.0 x", "11.0 y"]);
});

Deno.test("MvccStore.compact() frees a store that is smaller than a segment", () => {
  const h = new StoreHarness(1_048_576);
  for (let i = 0; i < 200; i++) h.put("often", "v".repeat(200));
  const before = h.store.bytesInUse;
  h.compact(h.store.revision);
  assert(h.store.bytesInUse < before / 100);
  assert(h.store.bytesTotal < before / 5);
  assertEquals(h.all().length, 1);
});

Deno.test("MvccStore.restore() goes on with the segments that the original makes", () => {
  for (const revision of [2, 30, 51]) {
    const h = new StoreHarness(4_096);
    for (let i = 0; i < 50; i++) h.put(`key ${i % 7}`);
    h.store.compact(revision);
    const copy = new StoreHarness(4_096);
    const { header, segments } = h.store.snapshot();
    copy.store.restore(header, segments.map(({ bytes }) => bytes.slice()));
    for (const { store } of [h, copy]) while (!store.compactStep(1));
    for (const harness of [h, copy]) for (let i = 0; i < 9; i++) harness.put(`key ${i}`);
    const ids = (harness: StoreHarness) => harness.store.snapshot().segments.map(({ id }) => id);
    assertEquals(ids(copy), ids(h), `compacted at ${revision}`);
  }
});

Deno.test("MvccStore.compactStep() bounds what it does by records too", () => {
  const h = new StoreHarness(SEGMENT_BYTES);
  for (let i = 0; i < 3 * SEGMENT_RECORDS_MAX; i++) h.put(`k${i % 7}`);
  const counts = h.store.log.segments.map(({ count }) => count);
  assertEquals(counts, [SEGMENT_RECORDS_MAX, SEGMENT_RECORDS_MAX, SEGMENT_RECORDS_MAX]);
  h.store.compact(h.store.revision);
  assertEquals(h.store.compactStep(SEGMENT_BYTES), false);
  assertEquals(h.store.compactStep(SEGMENT_BYTES), false);
  assertEquals(h.store.compactStep(SEGMENT_BYTES), true);
  assertEquals(h.records().length, 7);
});
