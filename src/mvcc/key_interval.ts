import { compareBytes, concatBytes } from "../base/bytes.ts";

/** Whether a range end means "this key alone". */
export function isSingleKey(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 0;
}

/** Whether a range end means "every key from here on": a single zero byte. */
export function isFromKey(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}

/** The keys from `start` up to and without `end`; null means that there is no end. */
export interface KeyInterval {
  readonly start: Uint8Array;
  readonly end: Uint8Array | null;
}

/** The interval of a key and a range end, or null when nothing can be in it. */
export function keyInterval(key: Uint8Array, rangeEnd: Uint8Array): KeyInterval | null {
  // The first key after `key` is `key` and a zero byte.
  if (isSingleKey(rangeEnd)) return { start: key, end: concatBytes([key, new Uint8Array(1)]) };
  if (isFromKey(rangeEnd)) return { start: key, end: null };
  if (compareBytes(key, rangeEnd) >= 0) return null;
  return { start: key, end: rangeEnd };
}

/** Whether `key` is within what a key and a range end name, in etcd's conventions. */
export function rangeContains(start: Uint8Array, rangeEnd: Uint8Array, key: Uint8Array): boolean {
  const order = compareBytes(key, start);
  if (isSingleKey(rangeEnd)) return order === 0;
  return order >= 0 && (isFromKey(rangeEnd) || compareBytes(key, rangeEnd) < 0);
}
