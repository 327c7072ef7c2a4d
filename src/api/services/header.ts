import { assert } from "../../base/assert.ts";
import type { ResponseHeader } from "../../proto/header.ts";
import type { ReplicaPort } from "../replica_port.ts";

/** The header of a response that this replica gives at a revision of the store. */
export function responseHeader(replica: ReplicaPort, revision: number): ResponseHeader {
  const { clusterId, memberId, term } = replica.status();
  return { clusterId, memberId, revision, raftTerm: term };
}

/** The header of a response that another service gave: they all fill it in. */
export function headerOf(response: { readonly header?: ResponseHeader }): ResponseHeader {
  assert(response.header !== undefined, "A response has no header");
  return response.header;
}
