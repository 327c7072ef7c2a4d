import { REQUEST_BYTES_MAX, TXN_OPERATIONS_MAX } from "../../base/limits.ts";

/** What one request may ask of the store. */
export interface KvLimits {
  /** The bytes of a write in etcd's encoding. Default {@linkcode REQUEST_BYTES_MAX}, never more. */
  readonly requestBytesMax: number;
  /** Operations in a transaction. Default {@linkcode TXN_OPERATIONS_MAX}. */
  readonly txnOperationsMax: number;
}

/** etcd's defaults. */
export const DEFAULT_KV_LIMITS: KvLimits = {
  requestBytesMax: REQUEST_BYTES_MAX,
  txnOperationsMax: TXN_OPERATIONS_MAX,
};
