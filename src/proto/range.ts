import type { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import { mergeField, writeBytes, writeNumber } from "./codec.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { KeyValue, readKeyValue } from "./key_value.ts";
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
import type { WireReader } from "./wire_reader.ts";

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
  { zero: zeroRequest, write: writeRequest },
);

function zeroRequest(): RangeRequest {
  return {
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
    limit: 0,
    revision: 0,
    sortOrder: SortOrder.NONE,
    sortTarget: SortTarget.KEY,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

function writeRequest(range: RangeRequest, writer: ByteWriter): void {
  writeBytes(0x0a, range.key, writer);
  writeBytes(0x12, range.rangeEnd, writer);
  writeNumber(0x18, range.limit, writer);
  writeNumber(0x20, range.revision, writer);
  writeNumber(0x28, range.sortOrder, writer);
  writeNumber(0x30, range.sortTarget, writer);
  writeNumber(0x38, range.serializable ? 1 : 0, writer);
  writeNumber(0x40, range.keysOnly ? 1 : 0, writer);
  writeNumber(0x48, range.countOnly ? 1 : 0, writer);
  writeNumber(0x50, range.minModRevision, writer);
  writeNumber(0x58, range.maxModRevision, writer);
  writeNumber(0x60, range.minCreateRevision, writer);
  writeNumber(0x68, range.maxCreateRevision, writer);
}

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
  { zero: zeroResponse, merge: mergeResponse },
);

function zeroResponse(): RangeResponse {
  return { kvs: [], more: false, count: 0 };
}

function mergeResponse(response: RangeResponse, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x12) response.kvs.push(readKeyValue(reader));
    else mergeField(RangeResponse, response, tag, reader);
  }
}

/** One piece of a range's answer that is sent as a stream. */
export interface RangeStreamResponse {
  rangeResponse?: RangeResponse;
}

/** The schema of {@linkcode RangeStreamResponse}. */
export const RangeStreamResponse: MessageSchema<RangeStreamResponse> = new MessageSchema<
  RangeStreamResponse
>("etcdserverpb.RangeStreamResponse", { rangeResponse: message(1, () => RangeResponse) });
