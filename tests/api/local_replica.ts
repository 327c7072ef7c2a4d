/** A cluster of one without a log: what is proposed is applied at once, by a real state machine. */
import type { LeaseTime, ReplicaCallOptions, ReplicaPort } from "../../src/api/replica_port.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { CommandKind, encodeBatch, stampBatch } from "../../src/machine/command.ts";
import { leaseRenewal, renewedSeconds } from "../../src/machine/lease_command.ts";
import { Machine } from "../../src/machine/machine.ts";
import type { MembershipChange } from "../../src/machine/membership_change.ts";
import type { CommandResult } from "../../src/machine/result.ts";
import { configurationOf } from "../../src/raft/configuration.ts";
import { ReplicaError, type ReplicaReason } from "../../src/replica/errors.ts";
import type { ReplicaCounts, ReplicaStatus } from "../../src/replica/status.ts";

const MEMBER_ID = 0xabcn;

/** What a test may change about its replica. */
export interface LocalReplicaState {
  leader: bigint;
  isLearner: boolean;
  quotaBytes: number;
  /** Moves the clock of leases. */
  nowMs: number;
  /** Refuses everything that asks the cluster, as a replica without a quorum does. */
  refusal: ReplicaError | null;
}

export class LocalReplica implements ReplicaPort {
  readonly machine = new Machine();
  readonly state: LocalReplicaState = {
    leader: MEMBER_ID,
    isLearner: false,
    quotaBytes: Infinity,
    nowMs: 0,
    refusal: null,
  };
  /** How many linearizable reads were asked for. */
  linearized = 0;
  /** How many commands were proposed. */
  proposed = 0;

  constructor() {
    this.machine.members.bootstrap([{
      id: MEMBER_ID,
      name: "default",
      peerUrls: ["http://127.0.0.1:2380"],
      clientUrls: ["http://127.0.0.1:2379"],
      isLearner: false,
      instanceId: new Uint8Array(0),
    }]);
  }

  propose(
    kind: CommandKind,
    body: Uint8Array,
    options: ReplicaCallOptions = {},
  ): Promise<CommandResult> {
    if (this.state.refusal !== null) return Promise.reject(this.state.refusal);
    const writer = new ByteWriter();
    const identity = options.identity ?? null;
    const number = ++this.proposed;
    const commands = [{ kind, body, identity }];
    encodeBatch({ origin: MEMBER_ID, incarnation: 1, number, commands }, writer);
    const entry = stampBatch(writer.view(), this.state.nowMs);
    return Promise.resolve(this.machine.apply(entry).results[0]);
  }

  linearize(): Promise<void> {
    this.linearized++;
    return this.state.refusal === null ? Promise.resolve() : Promise.reject(this.state.refusal);
  }

  async renewLease(id: bigint): Promise<number> {
    return renewedSeconds(await this.propose(CommandKind.LeaseRenew, leaseRenewal(id)));
  }

  leaseTime(id: bigint): Promise<LeaseTime> {
    if (this.state.refusal !== null) return Promise.reject(this.state.refusal);
    const lease = this.machine.leases.get(id);
    if (lease === null) return Promise.resolve({ remainingSeconds: -1, grantedSeconds: 0 });
    const remainingMs = Math.max(0, lease.endsMs - this.state.nowMs);
    const remainingSeconds = Math.floor(remainingMs / 1_000);
    return Promise.resolve({ remainingSeconds, grantedSeconds: lease.ttlSeconds });
  }

  hasSpaceFor(costBytes: number): boolean {
    return costBytes === 0 || this.machine.store.bytesInUse + costBytes < this.state.quotaBytes;
  }

  changeMembers(change: MembershipChange): Promise<void> {
    if (this.state.refusal !== null) return Promise.reject(this.state.refusal);
    const reason = this.machine.applyMembershipChange(change);
    if (reason === null) return Promise.resolve();
    return Promise.reject(new ReplicaError(reason as ReplicaReason, reason));
  }

  transferLeadership(to: bigint): Promise<void> {
    if (to === MEMBER_ID && this.state.leader === MEMBER_ID) return Promise.resolve();
    const reason = this.state.leader === MEMBER_ID ? "bad transferee" : "not leader";
    return Promise.reject(new ReplicaError(reason, reason));
  }

  counts(): ReplicaCounts {
    return { proposalsPending: 0, proposalsFailed: 0, readIndexesSlow: 0, readIndexesFailed: 0 };
  }

  status(): ReplicaStatus {
    const { leader, isLearner } = this.state;
    const configuration = configurationOf(isLearner ? [1n] : [MEMBER_ID]);
    return {
      clusterId: 0x123n,
      memberId: MEMBER_ID,
      role: leader === MEMBER_ID ? "leader" : "follower",
      leader,
      term: 2,
      commitIndex: this.proposed,
      appliedIndex: this.proposed,
      lastIndex: this.proposed,
      configuration: isLearner ? { ...configuration, learners: [MEMBER_ID] } : configuration,
      storageBytes: 4_096,
      quotaBytes: this.state.quotaBytes,
    };
  }
}
