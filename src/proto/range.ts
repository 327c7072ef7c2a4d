import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { KeyValue } from "./key_value.ts";
import {
  bool,
  bytes,
  enumeration,
  int64,
  int64Clamped,
  message,
  MessageSchema,
  repeated,
} from "./schema.ts";

/** The order of a range's answer. */
export const SortOrder = { NONE: 0, ASCEND: 1, DESCEND: 2 } as const;
/** What a range's answer is ordered by. */
export const SortTarget = { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 } as const;

/** Asks for one key or for the keys in `[key, rangeEnd)`. */
export interface RangeRequest {
  key: Uint8Array;
  /** Empty means `key` alone; a single zero byte means every key from `key` on. */
  rangeEnd: Uint8Array;
  /** At most this many keys; zero means all. */
  limit: number;
  /** Reads the past; zero and less mean the present. */
  revision: number;
  /** One of {@linkcode SortOrder}. */
  sortOrder: number;
  /** One of {@linkcode SortTarget}. */
  sortTarget: number;
  /** Reads what this replica has, without asking the others. */
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

/** The schema of {@linkcode RangeRequest}. */
export const RangeRequest: MessageSchema<RangeRequest> = new MessageSchema<RangeRequest>(
  "etcdserverpb.RangeRequest",
  {
    key: bytes(1),
    rangeEnd: bytes(2),
    limit: int64Clamped(3),
    revision: int64Clamped(4),
    sortOrder: enumeration(5, SortOrder),
    sortTarget: enumeration(6, SortTarget),
    serializable: bool(7),
    keysOnly: bool(8),
    countOnly: bool(9),
    minModRevision: int64Clamped(10),
    maxModRevision: int64Clamped(11),
    minCreateRevision: int64Clamped(12),
    maxCreateRevision: int64Clamped(13),
  },
);

/** The keys that were asked for. */
export interface RangeResponse {
  header?: ResponseHeader;
  kvs: KeyValue[];
  /** Whether the limit cut the answer. */
  more: boolean;
  /** How many keys are in the range, whatever the limit. */
  count: number;
}

/** The schema of {@linkcode RangeResponse}. */
export const RangeResponse: MessageSchema<RangeResponse> = new MessageSchema<RangeResponse>(
  "etcdserverpb.RangeResponse",
  { header: HEADER, kvs: repeated(message(2, () => KeyValue)), more: bool(3), count: int64(4) },
);

/** One piece of a range's answer that is sent as a stream. */
export interface RangeStreamResponse {
  rangeResponse?: RangeResponse;
}

/** The schema of {@linkcode RangeStreamResponse}. */
export const RangeStreamResponse: MessageSchema<RangeStreamResponse> = new MessageSchema<
  RangeStreamResponse
>("etcdserverpb.RangeStreamResponse", { rangeResponse: message(1, () => RangeResponse) });
