import { EMPTY_BYTES, prefixEnd } from "../base/bytes.ts";
import { type Data, toBytes } from "./data.ts";

/**
 * Which keys: one key, those that begin with a prefix, those from one to another (which is not among
 * them) or without an end, or all.
 *
 * @example
 * ```ts
 * import type { KeyRange } from "@kvorum/kvorum/client";
 *
 * const ranges: KeyRange[] = ["one", { prefix: "jobs/" }, { from: "a", to: "b" }, { all: true }];
 * ```
 */
export type KeyRange =
  | Data
  | { readonly prefix: Data }
  | { readonly from: Data; readonly to?: Data }
  | { readonly all: true };

/** Every key from the first one on, as etcd has it. */
const NO_END = new Uint8Array(1);

/** The two ends of a range as etcd has them. */
export interface Interval {
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** The interval of a range. @throws {TypeError} if it is none */
export function toInterval(range: KeyRange): Interval {
  if (typeof range === "string" || range instanceof Uint8Array) {
    return { key: toBytes(range), rangeEnd: EMPTY_BYTES };
  }
  if ("prefix" in range) {
    const prefix = toBytes(range.prefix);
    // An empty prefix is all keys, and etcd's first key is a zero byte.
    return { key: prefix.length === 0 ? NO_END : prefix, rangeEnd: prefixEnd(prefix) };
  }
  if ("from" in range) {
    const { from, to } = range;
    const key = toBytes(from);
    const rangeEnd = to === undefined ? NO_END : toBytes(to);
    return { key: key.length === 0 ? NO_END : key, rangeEnd };
  }
  return { key: NO_END, rangeEnd: NO_END };
}
