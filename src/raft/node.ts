import { assert } from "../base/assert.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import type { ConfigurationChange } from "./configuration_change.ts";
import { campaign, campaignForTransfer } from "./election.ts";
import {
  applyConfiguration,
  type ConfigurationResult,
  maybeLeaveJoint,
  proposeConfiguration,
} from "./membership.ts";
import type { Message } from "./message.ts";
import { type RaftOptions, settingsOf } from "./options.ts";
import { type ProposalResult, propose } from "./proposals.ts";
import {
  answerReads,
  readIndex,
  type ReadIndexResult,
  readsDue,
  sendReads,
  tickHeartbeat,
} from "./read_index.ts";
import type { Ready, Role, Write } from "./ready.ts";
import {
  hasActiveQuorum,
  onSnapshotProgress,
  onUnreachable,
  sendDue,
  tickSnapshots,
} from "./replication.ts";
import { becomeFollower, resetElectionTimer } from "./roles.ts";
import type { SnapshotMeta } from "./snapshot.ts";
import { RaftState } from "./state.ts";
import { type RaftStatus, statusOf } from "./status.ts";
import { step } from "./step.ts";
import {
  maybeSendTimeoutNow,
  tickTransfer,
  transferLeadership,
  type TransferResult,
} from "./transfer.ts";
import { confirmWrite, takeWrite, writeDue } from "./writes.ts";

/**
 * One replica's part in Raft consensus, as a state machine without clock, disk or network: inputs are
 * calls, output is {@linkcode Ready}. Same inputs, same outputs, always. Inputs are never changed.
 *
 * Every call is synchronous. A call that throws `InvariantError` leaves the node unusable: the replica
 * must stop, because its log or its peers contradict what Raft guarantees.
 */
export class RaftNode {
  readonly #state: RaftState;
  #reported: { role: Role; leader: MemberId; term: number };

  /** Starts as a follower from what the storage held. */
  constructor(options: RaftOptions) {
    this.#state = new RaftState(settingsOf(options), options.recovered);
    const { role, leader, term } = this.#state;
    this.#reported = { role, leader, term };
    resetElectionTimer(this.#state);
  }

  /** This replica. */
  get id(): MemberId {
    return this.#state.id;
  }

  /** The latest term that this replica knows. */
  get term(): number {
    return this.#state.term;
  }

  /** Who leads that term, as far as this replica knows, or `NO_MEMBER`. */
  get leader(): MemberId {
    return this.#state.leader;
  }

  /** Whether this replica leads. */
  get isLeader(): boolean {
    return this.#state.role === "leader";
  }

  /** The highest index known to be committed. */
  get commit(): number {
    return this.#state.log.commit;
  }

  /** The last entry of the log, be it durable or not. */
  get lastIndex(): number {
    return this.#state.log.lastIndex;
  }

  /** The term of that entry. */
  get lastTerm(): number {
    return this.#state.log.lastTerm;
  }

  /** The configuration that is in force: the applied one. */
  get configuration(): Configuration {
    return this.#state.configuration;
  }

  /** A snapshot that was taken over from the leader and is not durable yet, or null. */
  get pendingSnapshot(): SnapshotMeta | null {
    return this.#state.log.pendingSnapshot;
  }

  /** Everything that people and metrics want to know, as plain data. */
  status(): RaftStatus {
    return statusOf(this.#state);
  }

  /** Time moves on by one tick. */
  tick(): void {
    const state = this.#state;
    state.ticks++;
    if (state.role === "leader") this.#tickLeader();
    else this.#tickElection();
  }

  #tickLeader(): void {
    const state = this.#state;
    if (state.settings.checkQuorum && !hasActiveQuorum(state)) {
      becomeFollower(state, state.term, NO_MEMBER);
      return;
    }
    tickTransfer(state);
    tickSnapshots(state);
    maybeLeaveJoint(state);
    tickHeartbeat(state);
  }

  #tickElection(): void {
    const state = this.#state;
    if (++state.electionElapsed < state.electionTimeout) return;
    resetElectionTimer(state);
    if (state.isPromotable) this.campaign();
    // Who cannot campaign at least stops believing in a leader that has gone silent.
    else if (state.leader !== NO_MEMBER) becomeFollower(state, state.term, NO_MEMBER);
  }

  /** Campaigns now, as if the election timeout had passed. */
  campaign(): void {
    campaign(this.#state, this.#state.settings.preVote ? "preElection" : "election");
  }

  /**
   * Takes a message from another replica. What is not for this replica, is from itself, is outdated,
   * or is an answer of somebody who is not a member is dropped.
   */
  step(message: Message): void {
    step(this.#state, message);
  }

  /** Proposes commands; each becomes one entry. All are taken or none. */
  propose(commands: readonly Uint8Array[]): ProposalResult {
    return propose(this.#state, commands);
  }

  /**
   * Proposes a change of the configuration.
   *
   * @param options.force Overrules the checks for a learner that lags and for a quorum at risk.
   */
  proposeConfiguration(
    change: ConfigurationChange,
    options: { force?: boolean } = {},
  ): ConfigurationResult {
    return proposeConfiguration(this.#state, change, options.force ?? false);
  }

  /** Asks for the index that a linearizable read must wait for. */
  readIndex(context: number): ReadIndexResult {
    return readIndex(this.#state, context);
  }

  /** Begins to hand leadership over to a voter. */
  transferLeadership(to: MemberId): TransferResult {
    return transferLeadership(this.#state, to);
  }

  /**
   * The replica applies an entry of kind Configuration: called between the entry before it and
   * `applied(index)` of it, and not at all if the replica rejects the change.
   *
   * @returns The configuration from now on.
   */
  applyConfiguration(change: ConfigurationChange): Configuration {
    return applyConfiguration(this.#state, change);
  }

  /** Forgets the log through `index`: applied, and covered by a snapshot that is durable. */
  compact(throughIndex: number): void {
    this.#state.log.compact(throughIndex);
  }

  /** Messages to this member are being lost. */
  reportUnreachable(id: MemberId): void {
    onUnreachable(this.#state, id);
  }

  /** This member is fetching a snapshot from this replica, so it need not be told again for a while. */
  reportSnapshotProgress(id: MemberId): void {
    onSnapshotProgress(this.#state, id);
  }

  /** Whether {@linkcode ready} may have something; it may turn out to be empty. */
  hasReady(): boolean {
    const state = this.#state;
    return state.sendsDue || state.messages.length > 0 || state.readStates.length > 0 ||
      state.log.hasCommitted || writeDue(state) || readsDue(state) || this.#roleChanged() ||
      (state.writing === null && state.promises.length > 0);
  }

  /** Ends the turn: what has come up since the last call, to be done as {@linkcode Ready} says. */
  ready(): Ready {
    const state = this.#state;
    if (state.role === "leader") {
      sendReads(state);
      answerReads(state);
      sendDue(state);
      maybeSendTimeoutNow(state);
    }
    const write = takeWrite(state);
    const ready: Ready = {
      roleChange: this.#takeRoleChange(),
      write,
      messages: state.messages,
      committed: state.log.takeCommitted(state.settings.committedBytesMax),
      reads: state.readStates,
    };
    state.messages = [];
    state.readStates = [];
    return ready;
  }

  #roleChanged(): boolean {
    const { role, leader, term } = this.#state;
    const reported = this.#reported;
    return role !== reported.role || leader !== reported.leader || term !== reported.term;
  }

  #takeRoleChange(): Ready["roleChange"] {
    if (!this.#roleChanged()) return null;
    const { role, leader, term } = this.#state;
    this.#reported = { role, leader, term };
    return this.#reported;
  }

  /** The write is durable, and if it carried a snapshot, the state machine has been replaced by it. */
  written(write: Write): void {
    confirmWrite(this.#state, write);
  }

  /** The state machine has applied everything through `index`. */
  applied(index: number): void {
    const state = this.#state;
    assert(index >= state.log.applied, `Applied must not fall to ${index}`);
    state.log.appliedTo(index);
    if (state.role === "leader") maybeLeaveJoint(state);
    else if (state.campaignDue) {
      state.campaignDue = false;
      campaignForTransfer(state);
    }
  }
}
