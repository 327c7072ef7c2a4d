/** What the store answers with: key-values as they are at one revision, and changes to them. */

/** A key's value at one revision, with etcd's field names. Key and value are views into segments. */
export interface KeyValue {
  key: Uint8Array;
  /** The main revision that created the key since it was last absent. */
  createRevision: number;
  /** The main revision that wrote this value. */
  modRevision: number;
  /** How many times the key was written since it was created; 1 for the first. */
  version: number;
  value: Uint8Array;
  /** The lease that the key hangs on, signed 64-bit; 0n for none. */
  lease: bigint;
}

/** A key-value with all its parts taken out, as answers to commands hold it. */
export function plainKeyValue(kv: KeyValue): KeyValue {
  const { key, createRevision, modRevision, version, value, lease } = kv;
  return { key, createRevision, modRevision, version, value, lease };
}

/** A key was written. */
export const EVENT_PUT = 0;
/** A key was deleted. */
export const EVENT_DELETE = 1;

/** One change to one key. A delete's `kv` holds only the key and the revision of the delete. */
export interface Event {
  type: typeof EVENT_PUT | typeof EVENT_DELETE;
  kv: KeyValue;
  prevKv?: KeyValue;
}

/** Why a request cannot be answered. The API layer maps each to a gRPC code and etcd's text. */
export type MvccReason =
  | "key not provided"
  | "key not found"
  | "value provided"
  | "lease provided"
  | "lease not found"
  | "duplicate key"
  | "too many operations"
  | "invalid sort option"
  | "compacted"
  | "future revision";

/** No lease, shared so that it costs nothing. */
export const NO_LEASE = 0n;
