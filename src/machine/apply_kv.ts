import {
  checkDeleteRangeRequest,
  checkPutRequest,
  checkTxnRequest,
} from "../mvcc/check_request.ts";
import { executeDeleteRange, executePut, executeTxn } from "../mvcc/txn.ts";
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RequestOp,
  TxnRequest,
} from "../proto/kv.ts";
import { AlarmType } from "./alarms.ts";
import { deleteRangeResponse, putResponse, txnResponse } from "./kv_response.ts";
import type { MachineState, Outcome } from "./outcome.ts";

/** Sets a key. */
export function applyPut(state: MachineState, request: PutRequest): Outcome {
  const reason = refusal(state, true) ?? checkPutRequest(request);
  if (reason !== null) return reason;
  const result = executePut(state.store, request, state.leaseExists);
  return typeof result === "string" ? result : putResponse(result);
}

/** Deletes a key or a range of keys. */
export function applyDeleteRange(state: MachineState, request: DeleteRangeRequest): Outcome {
  const reason = refusal(state, false) ?? checkDeleteRangeRequest(request);
  if (reason !== null) return reason;
  return deleteRangeResponse(executeDeleteRange(state.store, request));
}

/**
 * Runs a transaction. How many operations it may have is for the edge to say; here any number would
 * do, as long as all replicas take the same.
 */
export function applyTxn(state: MachineState, request: TxnRequest): Outcome {
  const reason = refusal(state, mayPut(request)) ?? checkTxnRequest(request, Infinity);
  if (reason !== null) return reason;
  const result = executeTxn(state.store, request, state.leaseExists);
  return typeof result === "string" ? result : txnResponse(result);
}

/** Forgets what was overwritten or deleted before a revision. Freeing the space comes in steps. */
export function applyCompaction(state: MachineState, { revision }: CompactionRequest): Outcome {
  if (state.alarms.has(AlarmType.Corrupt)) return "corrupt";
  return state.store.compact(revision) ?? {};
}

/** Corruption stops every write, a full disk only what adds data. */
function refusal({ alarms }: MachineState, adds: boolean): "corrupt" | "no space" | null {
  if (alarms.has(AlarmType.Corrupt)) return "corrupt";
  return adds && alarms.has(AlarmType.NoSpace) ? "no space" : null;
}

function mayPut({ success, failure }: TxnRequest): boolean {
  const puts = ({ requestPut, requestTxn }: RequestOp) =>
    requestPut !== undefined || (requestTxn !== undefined && mayPut(requestTxn));
  return success.some(puts) || failure.some(puts);
}
