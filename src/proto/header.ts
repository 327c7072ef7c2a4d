import type { ClusterId, MemberId } from "../base/ids.ts";
import { int64, message, MessageSchema, uint64, uint64Id } from "./schema.ts";
import type { FieldSpec } from "./schema.ts";

/** What precedes every answer: who answered, and when. */
export interface ResponseHeader {
  clusterId: ClusterId;
  memberId: MemberId;
  /** The store's revision when the request was answered. */
  revision: number;
  raftTerm: number;
}

/** The schema of {@linkcode ResponseHeader}. */
export const ResponseHeader: MessageSchema<ResponseHeader> = new MessageSchema<ResponseHeader>(
  "etcdserverpb.ResponseHeader",
  { clusterId: uint64Id(1), memberId: uint64Id(2), revision: int64(3), raftTerm: uint64(4) },
);

/** The field that holds the header, the same in every response. */
export const HEADER: FieldSpec<ResponseHeader> = message(1, () => ResponseHeader);
