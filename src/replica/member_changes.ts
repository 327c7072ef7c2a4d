import type { MemberId } from "../base/ids.ts";
import type { Machine } from "../machine/machine.ts";
import { isStarted } from "../machine/member.ts";
import {
  decodeMembershipChanges,
  encodeMembershipChanges,
  type MembershipChange,
} from "../machine/membership_change.ts";
import type { Reason } from "../machine/result.ts";
import { type Configuration, isJoint, membersOf } from "../raft/configuration.ts";
import { decodeConfigurationChange, type MemberChange } from "../raft/configuration_change.ts";
import type { Entry } from "../raft/entry.ts";
import type { RaftNode } from "../raft/node.ts";
import { isReplicaReason, ReplicaError } from "./errors.ts";

/** A change that this leader has put into its log. */
interface Pending {
  readonly index: number;
  readonly term: number;
  /** Whether it is applied, and its joint configuration is yet to be left. */
  isJoint: boolean;
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
   * Leader only: makes changes together and waits until they are applied here.
   *
   * @param force Overrules the check that the members alive now are still a quorum afterwards.
   * @throws {ReplicaError} with the reason why it is not made.
   */
  change(changes: readonly MembershipChange[], force: boolean): Promise<void> {
    const reason = this.#machine.members.checkAll(changes);
    if (reason !== null) return Promise.reject(refusal(reason));
    if (new Set(changes.map(({ id }) => id)).size < changes.length) {
      return reject("member exists", "Cannot change the members: one of them is named twice");
    }
    if (!force && !this.#leavesStartedQuorum(changes)) {
      return Promise.reject(
        new ReplicaError(
          "not enough started members",
          "Cannot change the members: too few of them have started for a quorum afterwards",
        ),
      );
    }
    const outcome = this.#raft.proposeConfiguration({
      changes: changes.map((change) => this.#raftChange(change)),
      transition: "auto",
      context: encodeMembershipChanges(changes),
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
      const changes = decodeMembershipChanges(change.context);
      reason = this.#machine.members.checkAll(changes);
      if (reason === null) this.#bringIn(changes);
    }
    if (reason === null) this.#letGo(this.#raft.applyConfiguration(change));
    this.#answer(entry, reason);
  }

  #bringIn(changes: readonly MembershipChange[]): void {
    for (const change of changes) {
      if (change.kind !== "remove") this.#machine.applyMembershipChange(change);
    }
  }

  /**
   * Who is no more in Raft's configuration is no member any more. Safety: not before a joint
   * configuration is left, because until then a quorum may need those who go: they must neither stop
   * nor be forgotten by their peers.
   */
  #letGo(configuration: Configuration): void {
    const ids = membersOf(configuration);
    for (const { id } of this.#machine.members.list()) {
      if (!ids.includes(id)) this.#machine.applyMembershipChange({ kind: "remove", id });
    }
  }

  #answer(entry: Entry, reason: Reason | null): void {
    const pending = this.#pending;
    if (pending === null || entry.index < pending.index) return;
    const isOurs = pending.isJoint ||
      (entry.index === pending.index && entry.term === pending.term);
    // Invariant: the next change after a joint configuration is the one that leaves it.
    pending.isJoint = isOurs && isJoint(this.#raft.configuration);
    if (pending.isJoint) return;
    this.#pending = null;
    if (!isOurs) pending.reject(unknown());
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
      this.#pending = { index: lastIndex, term, isJoint: false, resolve, reject };
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
  #leavesStartedQuorum(changes: readonly MembershipChange[]): boolean {
    const { members } = this.#machine;
    const voters = members.list().filter(({ isLearner }) => !isLearner).map(({ id }) => id);
    const after = new Set(voters);
    for (const { kind, id } of changes) {
      if (kind === "add" || kind === "promote") after.add(id);
      else if (kind === "remove") after.delete(id);
    }
    const hasChanged = after.size !== voters.length || voters.some((id) => !after.has(id));
    if (!hasChanged || after.size === 0) return true;
    const started = (ids: Iterable<MemberId>) =>
      [...ids].map((id) => members.get(id)).filter((member) => member && isStarted(member)).length;
    // A second voter cannot be added otherwise: the first is no majority of two.
    if (voters.length === 1 && after.size === 2 && started(voters) === 1) return true;
    return started(after) >= majorityOf(after.size);
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
