/** What the edge asks about a request before it proposes one; it may not look into `mvcc`. */
import { assert } from "../base/assert.ts";
import { executeTxn, isReadOnlyTxn } from "../mvcc/txn.ts";
import type { TxnRequest, TxnResponse } from "../proto/kv.ts";
import { txnResponse } from "./kv_response.ts";
import type { Machine } from "./machine.ts";
import type { Reason } from "./result.ts";

export {
  checkDeleteRangeRequest,
  checkPutRequest,
  checkRangeRequest,
  checkTxnRequest,
} from "../mvcc/check_request.ts";
export { isReadOnlyTxn } from "../mvcc/txn.ts";

/** The answer to a transaction that was not proposed. */
export interface TxnRead {
  /** The store's revision, for the header. */
  readonly revision: number;
  readonly response: TxnResponse;
}

/** Answers a transaction of nothing but ranges from the applied state, which it leaves as it is. */
export function readTxn({ store, leases }: Machine, request: TxnRequest): TxnRead | Reason {
  assert(isReadOnlyTxn(request), "readTxn() cannot write: propose the transaction");
  const result = executeTxn(store, request, (lease) => leases.has(lease));
  if (typeof result === "string") return result;
  return { revision: result.revision, response: txnResponse(result) };
}
