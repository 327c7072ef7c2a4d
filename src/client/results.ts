import type { DeleteRangeResponse, PutResponse, RangeResponse } from "../proto/kv.ts";
import { KeyValue, optionalKeyValue } from "./key_value.ts";

/** What a put did. */
export interface PutResult {
  /** The revision that the put made. */
  readonly revision: number;
  /** The key as it was before, if that was asked for and it was there. */
  readonly previous: KeyValue | null;
}

/** What a deletion did. */
export interface DeleteResult {
  /** The store's revision afterwards. */
  readonly revision: number;
  /** How many keys were deleted. */
  readonly deleted: number;
  /** The keys as they were before, if that was asked for. */
  readonly previous: readonly KeyValue[];
}

/** The keys of a range. */
export interface RangeResult {
  /** The store's revision when it was read. */
  readonly revision: number;
  /** The keys that were asked for, in order. */
  readonly kvs: readonly KeyValue[];
  /** How many keys are in the range, whatever the limit. */
  readonly count: number;
  /** Whether the limit cut the answer. */
  readonly more: boolean;
}

/** Translates an answer. */
export function toPutResult({ header, prevKv }: PutResponse): PutResult {
  return { revision: header?.revision ?? 0, previous: optionalKeyValue(prevKv) };
}

/** Translates an answer. */
export function toDeleteResult({ header, deleted, prevKvs }: DeleteRangeResponse): DeleteResult {
  const previous = prevKvs.map((kv) => new KeyValue(kv));
  return { revision: header?.revision ?? 0, deleted, previous };
}

/** Translates an answer. */
export function toRangeResult({ header, kvs, count, more }: RangeResponse): RangeResult {
  const wrapped = kvs.map((kv) => new KeyValue(kv));
  return { revision: header?.revision ?? 0, kvs: wrapped, count, more };
}

/** The one key that was asked for. */
export function toOnlyKeyValue({ kvs }: RangeResponse): KeyValue | null {
  return optionalKeyValue(kvs[0]);
}
