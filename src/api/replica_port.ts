import type { LeaseId, MemberId } from "../base/ids.ts";
import type { Machine } from "../machine/machine.ts";
import type { MembershipChange } from "../machine/membership_change.ts";
import type { CommandResult } from "../machine/result.ts";
import type { CommandKind, RequestIdentity } from "../proto/command.ts";
import type { ReplicaCounts, ReplicaStatus } from "../replica/status.ts";

/** What may come with a call to a replica. */
export interface ReplicaCallOptions {
  /** Ends the wait. What was proposed may happen nevertheless. */
  readonly signal?: AbortSignal;
  /** The client's name for a proposal, so that sending it again does not apply it twice. */
  readonly identity?: RequestIdentity;
}

/** What a lease has left. */
export interface LeaseTime {
  /** Whole seconds; -1 if there is no such lease. */
  readonly remainingSeconds: number;
  readonly grantedSeconds: number;
}

/** What the services need of a replica. `Replica` has this shape. */
export interface ReplicaPort {
  /** The applied state. Reading it is local and immediate. */
  readonly machine: Machine;
  /** Whether it serves everything also while it is a learner. Default false, as in etcd. */
  readonly servesAsLearner?: boolean;
  /**
   * Asks the cluster to apply a command.
   * @throws {ReplicaError} when it is not known to be applied
   */
  propose(
    kind: CommandKind,
    body: Uint8Array,
    options?: ReplicaCallOptions,
  ): Promise<CommandResult>;
  /**
   * Waits until `machine` has applied everything that was acknowledged before the call.
   * @throws {ReplicaError} when that cannot be known
   */
  linearize(options?: ReplicaCallOptions): Promise<void>;
  /**
   * Sets a lease back to its full time.
   * @returns the granted seconds, or zero if there is no such lease any more
   * @throws {ReplicaError} when it is not known to be applied
   */
  renewLease(id: LeaseId, options?: ReplicaCallOptions): Promise<number>;
  /**
   * What a lease has left, when `machine` has applied everything that was acknowledged before.
   * @throws {ReplicaError} when that cannot be known
   */
  leaseTime(id: LeaseId, options?: ReplicaCallOptions): Promise<LeaseTime>;
  /**
   * Whether a write of this estimated cost may be proposed: whether the store stays within its quota.
   */
  hasSpaceFor(costBytes: number): boolean;
  /**
   * Changes who takes part in the cluster, and returns when that is applied here.
   * @param options.force Overrules the check that a quorum is alive afterwards.
   * @throws {ReplicaError} with the reason why the change is not made, or not known to be
   */
  changeMembers(
    change: MembershipChange,
    options?: ReplicaCallOptions & { readonly force?: boolean },
  ): Promise<void>;
  /**
   * Hands leadership to another voter. Only the leader can.
   * @throws {ReplicaError} when it could not or did not in time
   */
  transferLeadership(to: MemberId): Promise<void>;
  /** What it counts. */
  counts(): ReplicaCounts;
  /** The replica's view of itself at this moment. */
  status(): ReplicaStatus;
}
