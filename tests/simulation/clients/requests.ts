import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { create, encodeToBytes } from "../../../src/proto/codec.ts";
import { Compare, CompareResult, CompareTarget } from "../../../src/proto/compare.ts";
import { CommandKind } from "../../../src/proto/command.ts";
import {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  type RequestOp,
  TxnRequest,
} from "../../../src/proto/kv.ts";
import { LeaseGrantRequest, LeaseRevokeRequest } from "../../../src/proto/lease.ts";

/** A write on its way to a replica. */
export interface WriteRequest {
  readonly kind: CommandKind;
  readonly body: Uint8Array;
}

const noEnd = new Uint8Array(0);

function putOp(key: string, value: string, lease = 0n): PutRequest {
  return create(PutRequest, { key: encodeUtf8(key), value: encodeUtf8(value), lease });
}

/** Sets a key. */
export function put(key: string, value: string, lease = 0n): WriteRequest {
  return { kind: CommandKind.Put, body: encodeToBytes(PutRequest, putOp(key, value, lease)) };
}

/** Deletes a key. */
export function remove(key: string): WriteRequest {
  const request = { key: encodeUtf8(key), rangeEnd: noEnd, prevKv: false };
  return { kind: CommandKind.DeleteRange, body: encodeToBytes(DeleteRangeRequest, request) };
}

function get(key: string): RequestOp {
  return { requestRange: create(RangeRequest, { key: encodeUtf8(key) }) };
}

/** Sets a key if its value is the expected one (null: if there is no such key), else reads it. */
export function compareAndSwap(key: string, expected: string | null, value: string): WriteRequest {
  const compare = create(Compare, { key: encodeUtf8(key), result: CompareResult.EQUAL });
  if (expected === null) {
    compare.target = CompareTarget.CREATE;
    compare.createRevision = 0;
  } else {
    compare.target = CompareTarget.VALUE;
    compare.value = encodeUtf8(expected);
  }
  const request: TxnRequest = {
    compare: [compare],
    success: [{ requestPut: putOp(key, value) }],
    failure: [get(key)],
  };
  return { kind: CommandKind.Txn, body: encodeToBytes(TxnRequest, request) };
}

/** Sets several keys at one revision. */
export function putAll(keys: readonly string[], value: string): WriteRequest {
  const success = keys.map((key): RequestOp => ({ requestPut: putOp(key, value) }));
  const request: TxnRequest = { compare: [], success, failure: [] };
  return { kind: CommandKind.Txn, body: encodeToBytes(TxnRequest, request) };
}

/** Forgets the past before a revision. */
export function compact(revision: number): WriteRequest {
  const body = encodeToBytes(CompactionRequest, { revision, physical: false });
  return { kind: CommandKind.Compaction, body };
}

/** Creates a lease. */
export function grant(id: bigint, ttlSeconds: number): WriteRequest {
  const body = encodeToBytes(LeaseGrantRequest, { id, ttl: ttlSeconds });
  return { kind: CommandKind.LeaseGrant, body };
}

/** Ends a lease. */
export function revoke(id: bigint): WriteRequest {
  return { kind: CommandKind.LeaseRevoke, body: encodeToBytes(LeaseRevokeRequest, { id }) };
}

/** Reads the keys from `key` to before `end`. */
export function rangeOf(key: string, end: string): RangeRequest {
  return create(RangeRequest, { key: encodeUtf8(key), rangeEnd: encodeUtf8(end) });
}
