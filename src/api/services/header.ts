import type { ResponseHeader } from "../../proto/header.ts";
import type { ReplicaPort } from "../replica_port.ts";

/** The header of a response that this replica gives at a revision of the store. */
export function responseHeader(replica: ReplicaPort, revision: number): ResponseHeader {
  const { clusterId, memberId, term } = replica.status();
  return { clusterId, memberId, revision, raftTerm: term };
}
