import type { LeaseId } from "../base/ids.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { bytes, int64Id, MessageSchema } from "./schema.ts";

/** Waits for a lock. */
export interface LockRequest {
  name: Uint8Array;
  /** The lease that the lock ends with; zero lets the server grant one. */
  lease: LeaseId;
}

/** The schema of {@linkcode LockRequest}. */
export const LockRequest: MessageSchema<LockRequest> = new MessageSchema<LockRequest>(
  "v3lockpb.LockRequest",
  { name: bytes(1), lease: int64Id(2) },
);

/** The answer to {@linkcode LockRequest}. */
export interface LockResponse {
  header?: ResponseHeader;
  /** The key that exists as long as the lock is held. */
  key: Uint8Array;
}

/** The schema of {@linkcode LockResponse}. */
export const LockResponse: MessageSchema<LockResponse> = new MessageSchema<LockResponse>(
  "v3lockpb.LockResponse",
  { header: HEADER, key: bytes(2) },
);

/** Gives a lock back. */
export interface UnlockRequest {
  key: Uint8Array;
}

/** The schema of {@linkcode UnlockRequest}. */
export const UnlockRequest: MessageSchema<UnlockRequest> = new MessageSchema<UnlockRequest>(
  "v3lockpb.UnlockRequest",
  { key: bytes(1) },
);

/** The answer to {@linkcode UnlockRequest}. */
export interface UnlockResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode UnlockResponse}. */
export const UnlockResponse: MessageSchema<UnlockResponse> = new MessageSchema<UnlockResponse>(
  "v3lockpb.UnlockResponse",
  { header: HEADER },
);
