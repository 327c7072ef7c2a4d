/** The requests for single operations, by themselves or inside a transaction. */
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { DeleteRangeRequest, PutRequest, RangeRequest } from "../proto/kv.ts";
import { SortOrder, SortTarget } from "../proto/range.ts";
import { type Data, toBytes } from "./data.ts";
import { type KeyRange, toInterval } from "./key_range.ts";

/** How a key is set. */
export interface PutOptions {
  /** The lease that the key ends with. */
  readonly lease?: bigint;
  /** Asks for the key as it was before. @default {false} */
  readonly previous?: boolean;
  /** Keeps the lease that the key has. @default {false} */
  readonly keepLease?: boolean;
}

/** How keys are deleted. */
export interface DeleteOptions {
  /** Asks for the keys as they were before. @default {false} */
  readonly previous?: boolean;
}

/** How one key is read. */
export interface GetOptions {
  /** Reads the past. @default {the present} */
  readonly revision?: number;
  /**
   * Reads what the server has, which may be a little old, without asking the others.
   * @default {false}
   */
  readonly serializable?: boolean;
}

/** What a range's keys may be ordered by. */
export type SortBy = "key" | "version" | "create" | "mod" | "value";

/** How keys are read. */
export interface RangeOptions extends GetOptions {
  /** At most this many keys. @default {all} */
  readonly limit?: number;
  /** What to order by. @default {"key"} */
  readonly sortBy?: SortBy;
  /** Whether the largest comes first. @default {false} */
  readonly descending?: boolean;
  /** Leaves the values out. @default {false} */
  readonly keysOnly?: boolean;
  /** Leaves the keys out, too, and only counts them. @default {false} */
  readonly countOnly?: boolean;
  /** Only keys that were changed at this revision or later. */
  readonly minModRevision?: number;
  /** Only keys that were changed at this revision or earlier. */
  readonly maxModRevision?: number;
  /** Only keys that were created at this revision or later. */
  readonly minCreateRevision?: number;
  /** Only keys that were created at this revision or earlier. */
  readonly maxCreateRevision?: number;
}

const SORT_TARGETS: Readonly<Record<SortBy, number>> = {
  key: SortTarget.KEY,
  version: SortTarget.VERSION,
  create: SortTarget.CREATE,
  mod: SortTarget.MOD,
  value: SortTarget.VALUE,
};

/** The request of a put. */
export function putRequest(key: Data, value: Data, options: PutOptions = {}): PutRequest {
  return {
    key: toBytes(key),
    value: toBytes(value),
    lease: options.lease ?? 0n,
    prevKv: options.previous ?? false,
    ignoreValue: false,
    ignoreLease: options.keepLease ?? false,
  };
}

/** The request of a deletion. */
export function deleteRequest(range: KeyRange, options: DeleteOptions = {}): DeleteRangeRequest {
  return { ...toInterval(range), prevKv: options.previous ?? false };
}

/** The request of reading one key. */
export function getRequest(key: Data, options: GetOptions = {}): RangeRequest {
  return plainRange(toBytes(key), EMPTY_BYTES, options);
}

/** The request of a range. */
export function rangeRequest(range: KeyRange, options: RangeOptions = {}): RangeRequest {
  const { key, rangeEnd } = toInterval(range);
  const request = plainRange(key, rangeEnd, options);
  request.limit = options.limit ?? 0;
  request.keysOnly = options.keysOnly ?? false;
  request.countOnly = options.countOnly ?? false;
  request.minModRevision = options.minModRevision ?? 0;
  request.maxModRevision = options.maxModRevision ?? 0;
  request.minCreateRevision = options.minCreateRevision ?? 0;
  request.maxCreateRevision = options.maxCreateRevision ?? 0;
  if (options.sortBy !== undefined || options.descending === true) {
    request.sortTarget = SORT_TARGETS[options.sortBy ?? "key"];
    request.sortOrder = options.descending === true ? SortOrder.DESCEND : SortOrder.ASCEND;
  }
  return request;
}

function plainRange(key: Uint8Array, rangeEnd: Uint8Array, options: GetOptions): RangeRequest {
  return {
    key,
    rangeEnd,
    limit: 0,
    revision: options.revision ?? 0,
    sortOrder: SortOrder.NONE,
    sortTarget: SortTarget.KEY,
    serializable: options.serializable ?? false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}
