import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { KeyValue } from "./key_value.ts";
import { bool, bytes, int64, message, MessageSchema, repeated } from "./schema.ts";

/** Deletes one key or the keys in `[key, rangeEnd)`. */
export interface DeleteRangeRequest {
  key: Uint8Array;
  /** Empty means `key` alone; a single zero byte means every key from `key` on. */
  rangeEnd: Uint8Array;
  /** Asks for the keys as they were before. */
  prevKv: boolean;
}

/** The schema of {@linkcode DeleteRangeRequest}. */
export const DeleteRangeRequest: MessageSchema<DeleteRangeRequest> = new MessageSchema<
  DeleteRangeRequest
>("etcdserverpb.DeleteRangeRequest", { key: bytes(1), rangeEnd: bytes(2), prevKv: bool(3) });

/** The answer to {@linkcode DeleteRangeRequest}. */
export interface DeleteRangeResponse {
  header?: ResponseHeader;
  /** How many keys were deleted. */
  deleted: number;
  prevKvs: KeyValue[];
}

/** The schema of {@linkcode DeleteRangeResponse}. */
export const DeleteRangeResponse: MessageSchema<DeleteRangeResponse> = new MessageSchema<
  DeleteRangeResponse
>("etcdserverpb.DeleteRangeResponse", {
  header: HEADER,
  deleted: int64(2),
  prevKvs: repeated(message(3, () => KeyValue)),
});
