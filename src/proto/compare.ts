import type { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { LeaseId } from "../base/ids.ts";
import { writeBytes, writeInt64, writeNumber } from "./codec.ts";
import { bytes, enumeration, int64Clamped, int64Id, MessageSchema, oneof } from "./schema.ts";

/** How the key's property shall relate to the given one. */
export const CompareResult = { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 } as const;
/** Which property of the key is compared. */
export const CompareTarget = { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 } as const;

/** One condition of a transaction. At most one of the five optional properties is present. */
export interface Compare {
  /** One of {@linkcode CompareResult}. */
  result: number;
  /** One of {@linkcode CompareTarget}. */
  target: number;
  key: Uint8Array;
  version?: number;
  createRevision?: number;
  modRevision?: number;
  value?: Uint8Array;
  lease?: LeaseId;
  /** Every key in `[key, rangeEnd)` shall satisfy the condition. */
  rangeEnd: Uint8Array;
}

const TARGET_UNION = "target_union";

/**
 * The schema of {@linkcode Compare}.
 *
 * Why clamped: etcd's software transactions compare with 2^63 - 1 to say "any revision".
 * Ref: etcd client/v3/concurrency/stm.go.
 */
export const Compare: MessageSchema<Compare> = new MessageSchema<Compare>("etcdserverpb.Compare", {
  result: enumeration(1, CompareResult),
  target: enumeration(2, CompareTarget),
  key: bytes(3),
  version: oneof(TARGET_UNION, int64Clamped(4)),
  createRevision: oneof(TARGET_UNION, int64Clamped(5)),
  modRevision: oneof(TARGET_UNION, int64Clamped(6)),
  value: oneof(TARGET_UNION, bytes(7)),
  lease: oneof(TARGET_UNION, int64Id(8)),
  rangeEnd: bytes(64),
}, { zero, write });

function zero(): Compare {
  return {
    result: CompareResult.EQUAL,
    target: CompareTarget.VERSION,
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
  };
}

function write(compare: Compare, writer: ByteWriter): void {
  writeNumber(0x08, compare.result, writer);
  writeNumber(0x10, compare.target, writer);
  writeBytes(0x1a, compare.key, writer);
  writePresent(0x20, compare.version, writer);
  writePresent(0x28, compare.createRevision, writer);
  writePresent(0x30, compare.modRevision, writer);
  if (compare.value !== undefined) {
    writer.byte(0x3a);
    writer.bytes(compare.value);
  }
  if (compare.lease !== undefined) {
    writer.byte(0x40);
    writer.varint64(compare.lease);
  }
  if (compare.rangeEnd.length > 0) {
    writer.varint(64 * 8 + 2);
    writer.bytes(compare.rangeEnd);
  }
}

/** Unlike elsewhere, a zero is written: the member of a oneof is present. */
function writePresent(tag: number, value: number | undefined, writer: ByteWriter): void {
  if (value === undefined) return;
  writer.byte(tag);
  writeInt64(writer, value);
}
