import type { ClusterId, MemberId } from "../base/ids.ts";
import { mergeField } from "./codec.ts";
import { int64, message, MessageSchema, uint64, uint64Id } from "./schema.ts";
import type { FieldSpec } from "./schema.ts";
import type { WireReader } from "./wire_reader.ts";

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
  { zero, merge },
);

function zero(): ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };
}

function merge(header: ResponseHeader, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x08) header.clusterId = reader.uint64Id();
    else if (tag === 0x10) header.memberId = reader.uint64Id();
    else if (tag === 0x18) header.revision = reader.int64();
    else if (tag === 0x20) header.raftTerm = reader.uint64();
    else mergeField(ResponseHeader, header, tag, reader);
  }
}

/** The field that holds the header, the same in every response. */
export const HEADER: FieldSpec<ResponseHeader> = message(1, () => ResponseHeader);
