import type { MemberId } from "../../../src/base/ids.ts";
import { type Configuration, isJoint, votersOf } from "../../../src/raft/configuration.ts";
import type { PeerMessage } from "../../../src/transport/peer_message.ts";
import type { Verdict } from "../verdict.ts";
import type { DurableLog } from "./durable_log.ts";

/** What a leader knows of its cluster, and what everybody's storage holds. */
export interface CommitmentContext {
  statusOf(
    leader: MemberId,
  ): { readonly commitIndex: number; readonly configuration: Configuration } | null;
  logOf(member: MemberId): DurableLog | undefined;
  /** The highest index that anybody has applied. */
  appliedIndex(): number;
}

/**
 * What a leader calls committed: durable at a quorum, and if it is of an older term, then not by
 * counting alone (Raft §5.4.2). Looked at when a leader first speaks of a commit index.
 */
export class Commitment {
  readonly #context: CommitmentContext;
  readonly #verdict: Verdict;
  /** The highest index that anybody was told to be committed, or that a voter spoke of. */
  #told = 1;
  /** The configuration that each leader had when it last spoke of something new. */
  readonly #configurations = new Map<MemberId, Configuration>();

  constructor(context: CommitmentContext, verdict: Verdict) {
    this.#context = context;
    this.#verdict = verdict;
  }

  /** A replica begins to lead. What it knows to be committed by now, it has not counted in this term. */
  elected(leader: MemberId): void {
    this.#told = Math.max(this.#told, this.#context.statusOf(leader)?.commitIndex ?? 0);
  }

  /** A replica sends a message. */
  sent(message: PeerMessage): void {
    if (message.type === "voteAnswer") this.#told = Math.max(this.#told, message.commit);
    if (message.type !== "append" && message.type !== "heartbeat") return;
    // Why not the message's commit index: it may be less than the leader's own, for good reasons.
    const { from, term } = message;
    const status = this.#context.statusOf(from);
    if (status === null || status.commitIndex <= this.#told) return;
    const { commitIndex, configuration } = status;
    const isNew = commitIndex > this.#context.appliedIndex();
    this.#told = commitIndex;
    const before = this.#configurations.get(from);
    this.#configurations.set(from, configuration);
    const entryTerm = this.#newestTermAt(configuration, commitIndex);
    if (entryTerm === null) return;
    // While the configuration changes it is hard to say by which one was counted.
    if (before === configuration && !this.#isHeld(configuration, commitIndex, entryTerm)) {
      this.#verdict.report(
        "commitment",
        `${from} commits entry ${commitIndex}, which no quorum of ${configuration.voters} holds`,
      );
    }
    if (isNew && entryTerm < term) {
      this.#verdict.report(
        "commitment",
        `${from} commits entry ${commitIndex} of term ${entryTerm} in term ${term} by counting`,
      );
    }
  }

  #newestTermAt(configuration: Configuration, index: number): number | null {
    let newest: number | null = null;
    for (const id of votersOf(configuration)) {
      const term = this.#context.logOf(id)?.termAt(index) ?? null;
      if (term !== null) newest = Math.max(newest ?? 0, term);
    }
    return newest;
  }

  #isHeld(configuration: Configuration, index: number, term: number): boolean {
    const isHolder = (id: MemberId): boolean => {
      const log = this.#context.logOf(id);
      return log !== undefined && (log.snapshotIndex >= index || log.termAt(index) === term);
    };
    const { voters, outgoing } = configuration;
    return voters.filter(isHolder).length * 2 > voters.length &&
      (!isJoint(configuration) || outgoing.filter(isHolder).length * 2 > outgoing.length);
  }
}
