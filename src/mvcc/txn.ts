import { assert } from "../base/assert.ts";
import { comparesHold } from "./compare.ts";
import { IntervalTree } from "./interval_tree.ts";
import { keyInterval } from "./key_interval.ts";
import { type KeyValue, type MvccReason, NO_LEASE, plainKeyValue } from "./key_value.ts";
import * as etcd from "./requests.ts";
import type { MvccStore } from "./store.ts";
import type { WriteTxn } from "./write_txn.ts";

/** Whether a lease exists; asked before a key is put on it. */
export type LeaseExists = (lease: bigint) => boolean;

/** A put as a command of its own. */
export function executePut(
  store: MvccStore,
  request: etcd.PutRequest,
  leaseExists: LeaseExists,
): etcd.PutResult | MvccReason {
  const reason = refusePut(store, request, leaseExists);
  if (reason !== null) return reason;
  const txn = store.begin();
  const result = put(store, txn, request);
  txn.end();
  return result;
}

/** A delete as a command of its own. */
export function executeDeleteRange(
  store: MvccStore,
  request: etcd.DeleteRangeRequest,
): etcd.DeleteRangeResult {
  const txn = store.begin();
  const result = deleteRange(store, txn, request);
  txn.end();
  return result;
}

/**
 * A transaction as a command of its own. All comparisons, those of nested transactions too, see the
 * store as it was before; then everything that could fail on the chosen path is checked; only then
 * the operations run, in order. Ref: etcd server/etcdserver/txn/txn.go.
 */
export function executeTxn(
  store: MvccStore,
  request: etcd.TxnRequest,
  leaseExists: LeaseExists,
): etcd.TxnResult | MvccReason {
  const path = choosePath(store, request);
  const reason = refusePath(store, path, leaseExists, new IntervalTree());
  if (reason !== null) return reason;
  const txn = store.begin();
  const result = run(store, txn, path);
  result.revision = txn.end().revision;
  return result;
}

/** Whether a transaction holds nothing but ranges, so that it need not go through the log. */
export function isReadOnlyTxn(request: etcd.TxnRequest): boolean {
  const isRange = (op: etcd.RequestOp) => op.requestRange !== undefined;
  return request.success.every(isRange) && request.failure.every(isRange);
}

/** A transaction with every decision made: the operations to run and the paths of nested ones. */
interface Path {
  readonly succeeded: boolean;
  readonly ops: readonly etcd.RequestOp[];
  /** In the order of the nested transactions among `ops`. */
  readonly nested: readonly Path[];
}

function choosePath(store: MvccStore, request: etcd.TxnRequest): Path {
  const succeeded = comparesHold(store, request.compare);
  const ops = succeeded ? request.success : request.failure;
  const nested: Path[] = [];
  for (const { requestTxn } of ops) {
    if (requestTxn !== undefined) nested.push(choosePath(store, requestTxn));
  }
  return { succeeded, ops, nested };
}

/**
 * What speaks against running a path. `deleted` gathers what its deletes cover so far.
 *
 * Why: a delete "from this key on" and a put below it pass the static check. If that put keeps the
 * value or lease of a key that is then gone, etcd 3.8 panics; here the transaction fails as a whole.
 */
function refusePath(
  store: MvccStore,
  path: Path,
  leaseExists: LeaseExists,
  deleted: IntervalTree<true>,
): MvccReason | null {
  let nestedIndex = 0;
  for (const op of path.ops) {
    let reason: MvccReason | null = null;
    if (op.requestRange !== undefined) reason = refuseRevision(store, op.requestRange.revision);
    else if (op.requestPut !== undefined) {
      reason = refusePut(store, op.requestPut, leaseExists);
      const { key, ignoreValue, ignoreLease } = op.requestPut;
      if (reason === null && (ignoreValue || ignoreLease) && deleted.covers(key)) {
        reason = "key not found";
      }
    } else if (op.requestDeleteRange !== undefined) {
      const interval = keyInterval(op.requestDeleteRange.key, op.requestDeleteRange.rangeEnd);
      if (interval !== null) deleted.set(interval, true);
    } else if (op.requestTxn !== undefined) {
      reason = refusePath(store, path.nested[nestedIndex++], leaseExists, deleted);
    }
    if (reason !== null) return reason;
  }
  return null;
}

/** Why: a range at an explicit revision must fail before any write, or replicas could differ. */
function refuseRevision(store: MvccStore, revision: number): MvccReason | null {
  if (revision === 0) return null;
  if (revision > store.revision) return "future revision";
  return revision < store.compactRevision ? "compacted" : null;
}

function refusePut(
  store: MvccStore,
  request: etcd.PutRequest,
  leaseExists: LeaseExists,
): MvccReason | null {
  if (request.lease !== NO_LEASE && !leaseExists(request.lease)) return "lease not found";
  if (!request.ignoreValue && !request.ignoreLease) return null;
  return store.get(request.key) === null ? "key not found" : null;
}

function run(store: MvccStore, txn: WriteTxn, path: Path): etcd.TxnResult {
  let nestedIndex = 0;
  const responses = path.ops.map((op): etcd.OpResult => {
    if (op.requestRange !== undefined) {
      const range = store.range(op.requestRange);
      assert(typeof range !== "string", "A range of a transaction was checked before");
      range.kvs = range.kvs.map(plainKeyValue);
      return { range };
    }
    if (op.requestPut !== undefined) return { put: put(store, txn, op.requestPut) };
    if (op.requestDeleteRange !== undefined) {
      return { deleteRange: deleteRange(store, txn, op.requestDeleteRange) };
    }
    if (op.requestTxn !== undefined) return { txn: run(store, txn, path.nested[nestedIndex++]) };
    return {};
  });
  return { revision: 0, succeeded: path.succeeded, responses };
}

function put(store: MvccStore, txn: WriteTxn, request: etcd.PutRequest): etcd.PutResult {
  let previous: KeyValue | null = null;
  if (request.prevKv || request.ignoreValue || request.ignoreLease) {
    // etcd reads it as a range, and counts it.
    store.counts.ranges++;
    previous = store.get(request.key);
  }
  let { value, lease } = request;
  if (request.ignoreValue || request.ignoreLease) {
    assert(previous !== null, "A put that keeps value or lease was checked to have a key");
    if (request.ignoreValue) value = previous.value;
    if (request.ignoreLease) lease = previous.lease;
  }
  txn.put(request.key, value, lease);
  const prevKv = request.prevKv && previous !== null ? plainKeyValue(previous) : null;
  return { revision: txn.revision, prevKv };
}

function deleteRange(
  store: MvccStore,
  txn: WriteTxn,
  request: etcd.DeleteRangeRequest,
): etcd.DeleteRangeResult {
  let prevKvs: KeyValue[] = [];
  if (request.prevKv) {
    const previous = store.range(etcd.rangeRequest(request.key, request.rangeEnd));
    assert(typeof previous !== "string", "A range at the newest revision cannot fail");
    prevKvs = previous.kvs.map(plainKeyValue);
  }
  const deleted = txn.deleteRange(request.key, request.rangeEnd);
  return { revision: txn.revision, deleted, prevKvs };
}
