import { compareBytes, EMPTY_BYTES } from "../base/bytes.ts";
import { isSingleKey, type KeyInterval, keyInterval } from "./key_interval.ts";
import { type KeyValue, type MvccReason, NO_LEASE } from "./key_value.ts";
import { RecordKeyValue } from "./record_key_value.ts";
import * as etcd from "./requests.ts";
import type { RangeRequest, RangeResult } from "./requests.ts";
import type { StoreView } from "./store_view.ts";

/** Entries that are looked up together. */
const CHUNK_ENTRIES = 128;

/**
 * Answers a range: fetch, filter, sort, cut, in this order. `count` counts the interval, whatever
 * limit and filters say. Ref: etcd server/etcdserver/txn/range.go.
 */
export function executeRange(store: StoreView, request: RangeRequest): RangeResult | MvccReason {
  const visible = store.visibleRevision;
  if (request.revision > visible) return "future revision";
  const revision = request.revision <= 0 ? visible : request.revision;
  if (revision < store.compactRevision) return "compacted";
  const result: RangeResult = { revision: visible, kvs: [], more: false, count: 0 };
  if (isSingleKey(request.rangeEnd)) fetchKey(store, request, revision, result);
  else {
    const interval = keyInterval(request.key, request.rangeEnd);
    if (interval === null) return result;
    fetchInterval(store, interval, request, revision, result);
  }
  if (request.countOnly) return result;
  filter(request, result);
  sort(request, result);
  if (request.limit > 0 && result.kvs.length > request.limit) {
    result.kvs.length = request.limit;
    result.more = true;
  }
  if (request.keysOnly && request.sortTarget === etcd.SORT_BY_VALUE) {
    result.kvs = result.kvs.map((kv) => ({ ...metadata(kv), lease: kv.lease }));
  }
  return result;
}

function fetchKey(
  store: StoreView,
  request: RangeRequest,
  revision: number,
  result: RangeResult,
): void {
  const entry = store.table.find(request.key);
  if (entry < 0 || !store.locate(entry, revision)) return;
  result.count = 1;
  if (!request.countOnly) result.kvs.push(readLocated(store, request));
}

function fetchInterval(
  store: StoreView,
  interval: KeyInterval,
  request: RangeRequest,
  revision: number,
  result: RangeResult,
): void {
  const now = revision === store.visibleRevision;
  if (request.countOnly && now) {
    result.count = store.tree.countAlive(interval);
    return;
  }
  const fetchMax = request.countOnly ? 0 : fetchLimit(request);
  const cursor = store.tree.range(interval);
  const chunk = new Uint32Array(now ? Math.min(CHUNK_ENTRIES, fetchMax + 1) : CHUNK_ENTRIES);
  for (let count = cursor.fill(chunk); count > 0; count = cursor.fill(chunk)) {
    store.table.touch(chunk, count);
    for (let i = 0; i < count; i++) {
      if (!store.locate(chunk[i], revision)) continue;
      result.count++;
      if (result.count <= fetchMax) result.kvs.push(readLocated(store, request));
      else if (now) {
        result.count = store.tree.countAlive(interval);
        return;
      }
    }
  }
}

/**
 * How many keys to fetch: one more than the limit, which tells whether there are more, but all if
 * the limit applies only after sorting or filtering.
 *
 * Why: "no order" with a target other than the key sorts too, yet only what was fetched (etcd).
 */
function fetchLimit(request: RangeRequest): number {
  const sortsFirst = request.sortOrder !== etcd.SORT_NONE &&
    !(request.sortTarget === etcd.SORT_BY_KEY && request.sortOrder === etcd.SORT_ASCEND);
  const filters = request.minModRevision !== 0 || request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 || request.maxCreateRevision !== 0;
  return request.limit <= 0 || sortsFirst || filters ? Infinity : request.limit + 1;
}

function readLocated(store: StoreView, request: RangeRequest): KeyValue {
  const { segment, offset } = store.log;
  const kv = new RecordKeyValue(segment, offset);
  return request.keysOnly && request.sortTarget !== etcd.SORT_BY_VALUE ? metadata(kv) : kv;
}

/** A key-value as etcd answers keys-only from its index: no value, no lease. */
function metadata({ key, createRevision, modRevision, version }: KeyValue): KeyValue {
  return { key, createRevision, modRevision, version, value: EMPTY_BYTES, lease: NO_LEASE };
}

function filter(request: RangeRequest, result: RangeResult): void {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  if (maxModRevision !== 0) {
    result.kvs = result.kvs.filter((kv) => kv.modRevision <= maxModRevision);
  }
  if (minModRevision !== 0) {
    result.kvs = result.kvs.filter((kv) => kv.modRevision >= minModRevision);
  }
  if (maxCreateRevision !== 0) {
    result.kvs = result.kvs.filter((kv) => kv.createRevision <= maxCreateRevision);
  }
  if (minCreateRevision !== 0) {
    result.kvs = result.kvs.filter((kv) => kv.createRevision >= minCreateRevision);
  }
}

function sort(request: RangeRequest, result: RangeResult): void {
  const descending = request.sortOrder === etcd.SORT_DESCEND;
  if (request.sortTarget === etcd.SORT_BY_KEY) {
    // Keys differ and come in ascending order.
    if (descending) result.kvs.reverse();
    return;
  }
  const order = ORDERS[request.sortTarget];
  result.kvs.sort(descending ? (a, b) => order(b, a) : order);
}

const ORDERS: Readonly<Record<number, (a: KeyValue, b: KeyValue) => number>> = {
  [etcd.SORT_BY_VERSION]: (a, b) => a.version - b.version,
  [etcd.SORT_BY_CREATE]: (a, b) => a.createRevision - b.createRevision,
  [etcd.SORT_BY_MOD]: (a, b) => a.modRevision - b.modRevision,
  [etcd.SORT_BY_VALUE]: (a, b) => compareBytes(a.value, b.value),
};
