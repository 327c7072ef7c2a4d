import type { Member as KnownMember } from "../../machine/member.ts";
import type { Member, MemberListRequest, MemberListResponse } from "../../proto/cluster.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";

/** etcd's Cluster service: who the replicas are. */
export class ClusterService {
  readonly #replica: ReplicaPort;

  constructor(replica: ReplicaPort) {
    this.#replica = replica;
  }

  /** All members by ascending id. Ref: etcd leaves the header's revision out in this service. */
  async memberList(request: MemberListRequest, context: CallContext): Promise<MemberListResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    if (request.linearizable) await this.#replica.linearize(replicaOptions(context));
    const members = this.#replica.machine.members.list().map(toMessage);
    return { header: responseHeader(this.#replica, 0), members };
  }
}

function toMessage({ id, name, peerUrls, clientUrls, isLearner }: KnownMember): Member {
  return { id, name, peerUrls: [...peerUrls], clientUrls: [...clientUrls], isLearner };
}
