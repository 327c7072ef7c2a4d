import { assertEquals } from "@std/assert";
import { MvccStore } from "../../src/mvcc/store.ts";
import { executePut } from "../../src/mvcc/txn.ts";
import { create } from "../../src/proto/codec.ts";
import { PutRequest, RangeRequest } from "../../src/proto/kv.ts";

const KEY = Uint8Array.of(1);

function put(store: MvccStore, value: number): void {
  const request = create(PutRequest, { key: KEY, value: Uint8Array.of(value) });
  executePut(store, request, () => false);
}

/** The key's value and the revision that made it, as they were at a revision. */
function at(store: MvccStore, revision: number): unknown {
  const result = store.range(create(RangeRequest, { key: KEY, revision }));
  if (typeof result === "string") return result;
  return result.kvs.map(({ value, modRevision }) => [value[0], modRevision])[0];
}

Deno.test("MvccStore.skipRevisions() leaves everything as it was, at later revisions", () => {
  const store = new MvccStore({ segmentBytes: 512 });
  for (let i = 1; i <= 40; i++) put(store, i);
  store.skipRevisions(1_000);
  assertEquals(store.revision, 1_041);
  assertEquals([at(store, 0), at(store, 1_041), at(store, 500)], [[40, 41], [40, 41], [40, 41]]);
  assertEquals([at(store, 20), at(store, 1_042)], [[19, 20], "future revision"]);
  put(store, 50);
  assertEquals([at(store, 1_041), at(store, 1_042)], [[40, 41], [50, 1_042]]);
});

Deno.test("MvccStore.skipRevisions() may be followed by compaction, and is in snapshots", () => {
  const store = new MvccStore({ segmentBytes: 512 });
  for (let i = 1; i <= 40; i++) put(store, i);
  store.skipRevisions(1_000);
  assertEquals(store.compact(1_041), null);
  while (!store.compactStep(100));
  assertEquals([at(store, 1_040), at(store, 1_041)], ["compacted", [40, 41]]);
  const copy = new MvccStore({ segmentBytes: 512 });
  const { header, segments } = store.snapshot();
  copy.restore(header, segments.map(({ bytes }) => bytes.slice()));
  for (const one of [store, copy]) put(one, 60);
  assertEquals([at(copy, 0), at(copy, 1_041)], [[60, 1_042], [40, 41]]);
  assertEquals(copy.hashKv(0), store.hashKv(0));
  assertEquals(copy.snapshot().header, store.snapshot().header);
});
