import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { bool, int64Clamped, MessageSchema } from "./schema.ts";

/** Forgets what was overwritten or deleted before a revision. */
export interface CompactionRequest {
  revision: number;
  /** Waits until the space is free again. */
  physical: boolean;
}

/** The schema of {@linkcode CompactionRequest}. */
export const CompactionRequest: MessageSchema<CompactionRequest> = new MessageSchema<
  CompactionRequest
>("etcdserverpb.CompactionRequest", { revision: int64Clamped(1), physical: bool(2) });

/** The answer to {@linkcode CompactionRequest}. */
export interface CompactionResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode CompactionResponse}. */
export const CompactionResponse: MessageSchema<CompactionResponse> = new MessageSchema<
  CompactionResponse
>("etcdserverpb.CompactionResponse", { header: HEADER });
