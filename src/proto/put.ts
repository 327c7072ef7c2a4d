import type { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { LeaseId } from "../base/ids.ts";
import { writeBytes, writeId, writeNumber } from "./codec.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { KeyValue } from "./key_value.ts";
import { bool, bytes, int64Id, message, MessageSchema } from "./schema.ts";

/** Sets a key. */
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  /** The lease that the key shall end with, or zero. */
  lease: LeaseId;
  /** Asks for the key as it was before. */
  prevKv: boolean;
  /** Keeps the key's value. */
  ignoreValue: boolean;
  /** Keeps the key's lease. */
  ignoreLease: boolean;
}

/** The schema of {@linkcode PutRequest}. */
export const PutRequest: MessageSchema<PutRequest> = new MessageSchema<PutRequest>(
  "etcdserverpb.PutRequest",
  {
    key: bytes(1),
    value: bytes(2),
    lease: int64Id(3),
    prevKv: bool(4),
    ignoreValue: bool(5),
    ignoreLease: bool(6),
  },
  { zero: zeroRequest, write: writeRequest },
);

function zeroRequest(): PutRequest {
  return {
    key: EMPTY_BYTES,
    value: EMPTY_BYTES,
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

function writeRequest(put: PutRequest, writer: ByteWriter): void {
  writeBytes(0x0a, put.key, writer);
  writeBytes(0x12, put.value, writer);
  writeId(0x18, put.lease, writer);
  writeNumber(0x20, put.prevKv ? 1 : 0, writer);
  writeNumber(0x28, put.ignoreValue ? 1 : 0, writer);
  writeNumber(0x30, put.ignoreLease ? 1 : 0, writer);
}

/** The answer to {@linkcode PutRequest}. */
export interface PutResponse {
  header?: ResponseHeader;
  prevKv?: KeyValue;
}

/** The schema of {@linkcode PutResponse}. */
export const PutResponse: MessageSchema<PutResponse> = new MessageSchema<PutResponse>(
  "etcdserverpb.PutResponse",
  { header: HEADER, prevKv: message(2, () => KeyValue) },
);
