import { compareBytes, EMPTY_BYTES } from "../base/bytes.ts";
import { type KeyValue, NO_LEASE } from "./key_value.ts";
import * as etcd from "./requests.ts";
import type { MvccStore } from "./store.ts";

/** What a key that does not exist compares as. */
const ABSENT: KeyValue = {
  key: EMPTY_BYTES,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: EMPTY_BYTES,
  lease: NO_LEASE,
};

/** Whether all comparisons hold on the store as it is now. None at all holds. */
export function comparesHold(store: MvccStore, compares: readonly etcd.Compare[]): boolean {
  return compares.every((compare) => compareHolds(store, compare));
}

/**
 * Whether a comparison holds for every key of its range. A range without keys stands for one absent
 * key, whose numbers are zero and whose value compares as false with whatever operator.
 * Ref: etcd server/etcdserver/txn/txn.go.
 */
function compareHolds(store: MvccStore, compare: etcd.Compare): boolean {
  const result = store.range(etcd.rangeRequest(compare.key, compare.rangeEnd));
  if (typeof result === "string") return false;
  if (result.kvs.length === 0) {
    return compare.target !== etcd.COMPARE_VALUE && keyHolds(compare, ABSENT);
  }
  return result.kvs.every((kv) => keyHolds(compare, kv));
}

function keyHolds(compare: etcd.Compare, kv: KeyValue): boolean {
  const order = orderOf(compare, kv);
  switch (compare.result) {
    case etcd.COMPARE_EQUAL:
      return order === 0;
    case etcd.COMPARE_NOT_EQUAL:
      return order !== 0;
    case etcd.COMPARE_GREATER:
      return order > 0;
    case etcd.COMPARE_LESS:
      return order < 0;
    default:
      // etcd takes an operator that it does not know as true.
      return true;
  }
}

/** The key's side against the request's: negative, zero or positive. An unknown target is equal. */
function orderOf(compare: etcd.Compare, kv: KeyValue): number {
  switch (compare.target) {
    case etcd.COMPARE_VERSION:
      return kv.version - (compare.version ?? 0);
    case etcd.COMPARE_CREATE:
      return kv.createRevision - (compare.createRevision ?? 0);
    case etcd.COMPARE_MOD:
      return kv.modRevision - (compare.modRevision ?? 0);
    case etcd.COMPARE_VALUE:
      return compareBytes(kv.value, compare.value ?? EMPTY_BYTES);
    case etcd.COMPARE_LEASE: {
      const lease = compare.lease ?? NO_LEASE;
      return kv.lease < lease ? -1 : kv.lease > lease ? 1 : 0;
    }
    default:
      return 0;
  }
}
