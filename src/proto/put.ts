import type { LeaseId } from "../base/ids.ts";
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
);

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
