import type {
  DeleteRangeResult,
  OpResult,
  PutResult,
  RangeResult,
  TxnResult,
} from "../mvcc/requests.ts";
import type { ResponseHeader } from "../proto/header.ts";
import type {
  DeleteRangeResponse,
  PutResponse,
  RangeResponse,
  ResponseOp,
  TxnResponse,
} from "../proto/kv.ts";

/** The store's answers as etcd's messages. Outermost messages get their header at the edge. */

/** The answer to a range. */
export function rangeResponse({ kvs, more, count }: RangeResult): RangeResponse {
  return { kvs, more, count };
}

/** The answer to a put. */
export function putResponse({ prevKv }: PutResult): PutResponse {
  return prevKv === null ? {} : { prevKv };
}

/** The answer to a delete. */
export function deleteRangeResponse({ deleted, prevKvs }: DeleteRangeResult): DeleteRangeResponse {
  return { deleted, prevKvs };
}

/** The answer to a transaction. */
export function txnResponse({ succeeded, responses }: TxnResult): TxnResponse {
  return { succeeded, responses: responses.map(opResponse) };
}

/**
 * The answer to one operation. In a transaction headers hold the revision alone, and that of a nested
 * transaction nothing at all. Ref: etcd server/etcdserver/txn/txn.go.
 */
function opResponse({ range, put, deleteRange, txn }: OpResult): ResponseOp {
  if (range !== undefined) {
    return { responseRange: { header: headerOf(range.revision), ...rangeResponse(range) } };
  }
  if (put !== undefined) {
    return { responsePut: { header: headerOf(put.revision), ...putResponse(put) } };
  }
  if (deleteRange !== undefined) {
    const header = headerOf(deleteRange.revision);
    return { responseDeleteRange: { header, ...deleteRangeResponse(deleteRange) } };
  }
  if (txn !== undefined) return { responseTxn: { header: headerOf(0), ...txnResponse(txn) } };
  return {};
}

function headerOf(revision: number): ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision, raftTerm: 0 };
}
