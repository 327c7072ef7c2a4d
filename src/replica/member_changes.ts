import type { MemberId } from "../base/ids.ts";
import type { Machine } from "../machine/machine.ts";
import { isStarted } from "../machine/member.ts";
import {
  decodeMembershipChange,
  encodeMembershipChange,
  type MembershipChange,
} from "../machine/membership_change.ts";
import type { Reason } from "../machine/result.ts";
import { decodeConfigurationChange, type MemberChange } from "../raft/configuration_change.ts";
import type { Entry } from "../raft/entry.ts";
import type { RaftNode } from "../raft/node.ts";
import { isReplicaReason, ReplicaError } from "./errors.ts";

/** A change that this leader has put into its log. */
interface Pending {
  readonly index: number;
  readonly term: number;
  readonly resolve: () => void;
  readonly reject: (error: ReplicaError) => void;
}

/**
 * Changes of who takes part: checked by the leader, agreed on through the log, and applied to the
 * table of members and to Raft's configuration together, so that the two never disagree.
 */
export class MemberChanges {
  readonly #machine: Machine;
  readonly #raft: RaftNode;
  #pending: Pending | null = null;

  constructor(machine: Machine, raft: RaftNode) {
    this.#machine = machine;
    this.#raft = raft;
  }

  /**
   * Leader only: makes a change and waits until it is applied here.
   *
   * @param force Overrules the check that the members alive now are still a quorum afterwards.
   * @throws {ReplicaError} with the reason why it is not made.
   */
  change(change: MembershipChange, force: boolean): Promise<void> {
    const reason = this.#machine.members.check(change);
    if (reason !== null) return Promise.reject(refusal(reason));
    if (!force && !this.#leavesStartedQuorum(change)) {
      return Promise.reject(
        new ReplicaError(
          "not enough started members",
          "Cannot change the members: too few of them have started for a quorum afterwards",
        ),
      );
    }
    const outcome = this.#raft.proposeConfiguration({
      changes: [this.#raftChange(change)],
      transition: "auto",
      context: encodeMembershipChange(change),
    }, { force });
    switch (outcome) {
      case "accepted":
        return this.#wait();
      case "notLeader":
        return reject("not leader", "This replica does not lead: ask the leader");
      case "learnerBehind":
        return reject("learner not in sync", "The learner has not caught up with the leader yet");
      case "quorumAtRisk":
        return reject("unhealthy cluster", "Too few members are reachable to change them safely");
      case "noVoters":
        return reject("unhealthy cluster", "The last voting member cannot be removed");
      default:
        return reject("change pending", "Another change of the members is under way: try again");
    }
  }

  /** Applies an entry that changes the configuration, which the members' table may refuse. */
  apply(entry: Entry): void {
    const change = decodeConfigurationChange(entry.data);
    let reason: Reason | null = null;
    if (change.context.length > 0) {
      reason = this.#machine.applyMembershipChange(decodeMembershipChange(change.context));
    }
    if (reason === null) this.#raft.applyConfiguration(change);
    const pending = this.#pending;
    if (pending === null || entry.index < pending.index) return;
    this.#pending = null;
    if (entry.index !== pending.index || entry.term !== pending.term) pending.reject(unknown());
    else if (reason !== null) pending.reject(refusal(reason));
    else pending.resolve();
  }

  /** Another leader decides from now on; whether the change under way is made is not known here. */
  leadershipLost(): void {
    this.#pending?.reject(unknown());
    this.#pending = null;
  }

  #wait(): Promise<void> {
    const { lastIndex, term } = this.#raft.status();
    return new Promise((resolve, reject) => {
      this.#pending = { index: lastIndex, term, resolve, reject };
    });
  }

  /** What a change means to Raft. New addresses mean nothing: the member keeps its part. */
  #raftChange(change: MembershipChange): MemberChange {
    const { id } = change;
    switch (change.kind) {
      case "add":
      case "promote":
        return { kind: "addVoter", id };
      case "addLearner":
        return { kind: "addLearner", id };
      case "remove":
        return { kind: "remove", id };
      case "update":
        return { kind: this.#isLearner(id) ? "addLearner" : "addVoter", id };
    }
  }

  #isLearner(id: MemberId): boolean {
    return this.#machine.members.get(id)?.isLearner === true;
  }

  /** etcd's strict check: the voters that have ever started are a quorum of the voters afterwards. */
  #leavesStartedQuorum(change: MembershipChange): boolean {
    if (change.kind === "addLearner" || change.kind === "update") return true;
    if (change.kind === "remove" && this.#isLearner(change.id)) return true;
    const voters = this.#machine.members.list().filter(({ isLearner }) => !isLearner);
    const others = voters.filter(({ id }) => id !== change.id);
    const started = others.filter(isStarted).length;
    if (change.kind === "remove") {
      return others.length === 0 || started >= majorityOf(others.length);
    }
    const promoted = this.#machine.members.get(change.id);
    const joins = promoted !== undefined && isStarted(promoted) ? 1 : 0;
    // A second voter cannot be added otherwise: the first is no majority of two.
    if (voters.length === 1 && started === 1) return true;
    return started + joins >= majorityOf(voters.length + 1);
  }
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

function reject(reason: ReplicaError["reason"], message: string): Promise<never> {
  return Promise.reject(new ReplicaError(reason, message));
}

function refusal(reason: Reason): ReplicaError {
  return isReplicaReason(reason)
    ? new ReplicaError(reason, `Cannot change the members: ${reason}`)
    : unknown();
}

function unknown(): ReplicaError {
  return new ReplicaError(
    "timed out",
    "Leadership changed while the members were being changed: list them before trying again",
  );
}
