import type { MemberId } from "../../base/ids.ts";
import type { Member as KnownMember } from "../../machine/member.ts";
import { type MembershipChange, NO_INSTANCE } from "../../machine/membership_change.ts";
import type {
  Member,
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
} from "../../proto/cluster.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";
import { checkPeerUrls, newMemberId } from "./peer_urls.ts";

/** How members may be changed. */
export interface ClusterOptions {
  /** How many learners there may be: etcd's `--max-learners`. */
  readonly learnersMax: number;
  /** Refuses changes that could lose the quorum: etcd's `--strict-reconfig-check`. */
  readonly isStrict: boolean;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
}

/** etcd's defaults. */
export const DEFAULT_CLUSTER_OPTIONS: ClusterOptions = {
  learnersMax: 1,
  isStrict: true,
  wallMs: () => Date.now(),
};

/** etcd's Cluster service: who the replicas are. Its headers never have a revision. */
export class ClusterService {
  readonly #replica: ReplicaPort;
  readonly #options: ClusterOptions;

  constructor(replica: ReplicaPort, options: Partial<ClusterOptions> = {}) {
    this.#replica = replica;
    this.#options = { ...DEFAULT_CLUSTER_OPTIONS, ...options };
  }

  /** All members by ascending id. */
  async memberList(request: MemberListRequest, context: CallContext): Promise<MemberListResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    if (request.linearizable) await this.#replica.linearize(replicaOptions(context));
    return this.#members();
  }

  /** Adds a member that is to be started afterwards. */
  async memberAdd(request: MemberAddRequest, context: CallContext): Promise<MemberAddResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const peerUrls = checkPeerUrls(request.peerUrls);
    const { learnersMax, wallMs } = this.#options;
    const id = await newMemberId(peerUrls, wallMs());
    const what = { id, peerUrls, instanceId: NO_INSTANCE };
    await this.#change(
      request.isLearner ? { kind: "addLearner", ...what, learnersMax } : { kind: "add", ...what },
      context,
    );
    const { isLearner } = request;
    return { ...this.#members(), member: { id, name: "", peerUrls, clientUrls: [], isLearner } };
  }

  /** Takes a member out, for good. */
  async memberRemove(
    { id }: MemberRemoveRequest,
    context: CallContext,
  ): Promise<MemberRemoveResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    await this.#change({ kind: "remove", id }, context);
    return this.#members(id);
  }

  /** Changes where a member's peers reach it. */
  async memberUpdate(
    { id, peerUrls }: MemberUpdateRequest,
    context: CallContext,
  ): Promise<MemberUpdateResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    await this.#change({ kind: "update", id, peerUrls: checkPeerUrls(peerUrls) }, context);
    return this.#members();
  }

  /** Gives a learner a vote. */
  async memberPromote(
    { id }: MemberPromoteRequest,
    context: CallContext,
  ): Promise<MemberPromoteResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    await this.#change({ kind: "promote", id }, context);
    return this.#members();
  }

  #change(change: MembershipChange, context: CallContext): Promise<void> {
    const options = { ...replicaOptions(context), force: !this.#options.isStrict };
    return this.#replica.changeMembers(change, options);
  }

  /** Why `except`: a member that removed itself may not have applied that yet. */
  #members(except?: MemberId): MemberListResponse {
    const members = this.#replica.machine.members.list().filter(({ id }) => id !== except);
    return { header: responseHeader(this.#replica, 0), members: members.map(toMessage) };
  }
}

function toMessage({ id, name, peerUrls, clientUrls, isLearner }: KnownMember): Member {
  return { id, name, peerUrls: [...peerUrls], clientUrls: [...clientUrls], isLearner };
}
