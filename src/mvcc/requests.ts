/**
 * The requests that the store understands: etcd's messages with their fields in camel case, so that
 * what the codec decodes can be handed over as it is. Range ends follow etcd: empty means the key
 * alone, a single zero byte means every key from `key` on. Zero means "not given" throughout.
 */

import type { KeyValue } from "./key_value.ts";

/** Order of a range: as stored, unless a target other than the key asks to sort. */
export const SORT_NONE = 0;
/** Order of a range: the least first. */
export const SORT_ASCEND = 1;
/** Order of a range: the greatest first. */
export const SORT_DESCEND = 2;

/** Target of an order: the key. */
export const SORT_BY_KEY = 0;
/** Target of an order: the version. */
export const SORT_BY_VERSION = 1;
/** Target of an order: the create revision. */
export const SORT_BY_CREATE = 2;
/** Target of an order: the mod revision. */
export const SORT_BY_MOD = 3;
/** Target of an order: the value. */
export const SORT_BY_VALUE = 4;

/** Operator of a comparison: equal. */
export const COMPARE_EQUAL = 0;
/** Operator of a comparison: the key's side is greater. */
export const COMPARE_GREATER = 1;
/** Operator of a comparison: the key's side is less. */
export const COMPARE_LESS = 2;
/** Operator of a comparison: not equal. */
export const COMPARE_NOT_EQUAL = 3;

/** Target of a comparison: the version. */
export const COMPARE_VERSION = 0;
/** Target of a comparison: the create revision. */
export const COMPARE_CREATE = 1;
/** Target of a comparison: the mod revision. */
export const COMPARE_MOD = 2;
/** Target of a comparison: the value. */
export const COMPARE_VALUE = 3;
/** Target of a comparison: the lease. */
export const COMPARE_LEASE = 4;

/** Ref: etcd rpc.proto RangeRequest. */
export interface RangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly limit: number;
  readonly revision: number;
  readonly sortOrder: number;
  readonly sortTarget: number;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
}

/** Ref: etcd rpc.proto PutRequest. */
export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

/** Ref: etcd rpc.proto DeleteRangeRequest. */
export interface DeleteRangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly prevKv: boolean;
}

/** Ref: etcd rpc.proto Compare. At most one of the optional fields is there; none means zero. */
export interface Compare {
  readonly result: number;
  readonly target: number;
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly version?: number;
  readonly createRevision?: number;
  readonly modRevision?: number;
  readonly value?: Uint8Array;
  readonly lease?: bigint;
}

/** Ref: etcd rpc.proto RequestOp. One of the fields is there. */
export interface RequestOp {
  readonly requestRange?: RangeRequest;
  readonly requestPut?: PutRequest;
  readonly requestDeleteRange?: DeleteRangeRequest;
  readonly requestTxn?: TxnRequest;
}

/** Ref: etcd rpc.proto TxnRequest. */
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

/** The answer to a range. `revision` belongs into the response's header. */
export interface RangeResult {
  revision: number;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

/** The answer to a put. */
export interface PutResult {
  revision: number;
  prevKv: KeyValue | null;
}

/** The answer to a delete. */
export interface DeleteRangeResult {
  revision: number;
  deleted: number;
  prevKvs: KeyValue[];
}

/** The answer to one operation of a transaction: one of the fields is there. */
export interface OpResult {
  range?: RangeResult;
  put?: PutResult;
  deleteRange?: DeleteRangeResult;
  txn?: TxnResult;
}

/** The answer to a transaction. In a nested one `revision` is 0: etcd leaves its header empty. */
export interface TxnResult {
  revision: number;
  succeeded: boolean;
  responses: OpResult[];
}

/** A range request for a key or an interval, with everything else at its default. */
export function rangeRequest(
  key: Uint8Array,
  rangeEnd: Uint8Array,
  options: Partial<RangeRequest> = {},
): RangeRequest {
  return {
    key,
    rangeEnd,
    limit: 0,
    revision: 0,
    sortOrder: SORT_NONE,
    sortTarget: SORT_BY_KEY,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
    ...options,
  };
}
