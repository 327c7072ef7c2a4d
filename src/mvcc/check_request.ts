/**
 * What can be said against a request without looking at the store. The API asks before it proposes,
 * so that a bad request never reaches the log. Each function gives a reason or null.
 * Ref: etcd server/etcdserver/api/v3rpc/key.go.
 */

import { TXN_OPERATIONS_MAX } from "../base/limits.ts";
import { type MvccReason, NO_LEASE } from "./key_value.ts";
import { checkOverlaps } from "./check_overlaps.ts";
import * as etcd from "./requests.ts";

/** Checks a range. */
export function checkRangeRequest(
  request: Pick<etcd.RangeRequest, "key" | "sortOrder" | "sortTarget">,
): MvccReason | null {
  if (request.key.length === 0) return "key not provided";
  const { sortOrder, sortTarget } = request;
  if (sortOrder < etcd.SORT_NONE || sortOrder > etcd.SORT_DESCEND) return "invalid sort option";
  if (sortTarget < etcd.SORT_BY_KEY || sortTarget > etcd.SORT_BY_VALUE) {
    return "invalid sort option";
  }
  return null;
}

/** Checks a put. */
export function checkPutRequest(request: etcd.PutRequest): MvccReason | null {
  if (request.key.length === 0) return "key not provided";
  if (request.ignoreValue && request.value.length > 0) return "value provided";
  if (request.ignoreLease && request.lease !== NO_LEASE) return "lease provided";
  return null;
}

/** Checks a delete. */
export function checkDeleteRangeRequest(request: etcd.DeleteRangeRequest): MvccReason | null {
  return request.key.length === 0 ? "key not provided" : null;
}

/** Checks a transaction, nested ones included. */
export function checkTxnRequest(
  request: etcd.TxnRequest,
  operationsMax: number = TXN_OPERATIONS_MAX,
): MvccReason | null {
  return checkOps(request, operationsMax) ?? checkOverlaps(request.success) ??
    checkOverlaps(request.failure);
}

/** The longest of a transaction's three lists counts against the budget; the rest is for nested. */
function checkOps(request: etcd.TxnRequest, operationsMax: number): MvccReason | null {
  const { compare, success, failure } = request;
  const operations = Math.max(compare.length, success.length, failure.length);
  if (operations > operationsMax) return "too many operations";
  for (const { key } of compare) if (key.length === 0) return "key not provided";
  for (const ops of [success, failure]) {
    for (const op of ops) {
      const reason = checkOp(op, operationsMax - operations);
      if (reason !== null) return reason;
    }
  }
  return null;
}

function checkOp(op: etcd.RequestOp, operationsMax: number): MvccReason | null {
  if (op.requestRange !== undefined) return checkRangeRequest(op.requestRange);
  if (op.requestPut !== undefined) return checkPutRequest(op.requestPut);
  if (op.requestDeleteRange !== undefined) return checkDeleteRangeRequest(op.requestDeleteRange);
  if (op.requestTxn !== undefined) return checkOps(op.requestTxn, operationsMax);
  // etcd's own, if odd, answer to an operation that is none.
  return "key not found";
}
