import type { MemberId } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import { committedIndex } from "./quorum.ts";

/** A linearizable read: who asked, under which number. */
export interface PendingRead {
  readonly from: MemberId;
  readonly context: number;
}

/** The reads that share one round of heartbeats. */
export interface ReadRound {
  readonly round: number;
  /** The commit index when the round began: what the reads must see. */
  readonly index: number;
  /** The leader's tick when the round began. */
  readonly tick: number;
  readonly reads: readonly PendingRead[];
}

/**
 * The leader's linearizable reads (thesis §6.4): first gathered, then sent out as numbered rounds,
 * confirmed when a quorum has answered a round or a later one. Safety: a number is used once in a
 * term, and answers carry the term, so no answer confirms a read that came after its heartbeat.
 */
export class ReadQueue {
  #gathered: PendingRead[] = [];
  #rounds: ReadRound[] = [];
  #count = 0;
  #newestRound = 0;
  /** The newest round that each voter answered. */
  readonly #answered: Map<MemberId, number> = new Map();

  /** How many reads are gathered or wait for their round. */
  get count(): number {
    return this.#count;
  }

  /** Whether reads are gathered and not sent out. */
  get hasGathered(): boolean {
    return this.#gathered.length > 0;
  }

  /** The newest round's number if any round is unconfirmed, else zero. */
  get openRound(): number {
    return this.#rounds.length > 0 ? this.#newestRound : 0;
  }

  gather(read: PendingRead): void {
    this.#gathered.push(read);
    this.#count++;
  }

  /** Gives the gathered reads, if any, a round of their own. */
  open(index: number, tick: number): void {
    this.#rounds.push({ round: ++this.#newestRound, index, tick, reads: this.#gathered });
    this.#gathered = [];
  }

  /** Takes the gathered reads, which need no round. */
  takeGathered(): readonly PendingRead[] {
    const reads = this.#gathered;
    this.#gathered = [];
    this.#count -= reads.length;
    return reads;
  }

  answer(from: MemberId, round: number): void {
    if (round > (this.#answered.get(from) ?? 0)) this.#answered.set(from, round);
  }

  /** Takes the rounds that a quorum of the configuration has answered; `self` always has. */
  takeConfirmed(configuration: Configuration, self: MemberId): readonly ReadRound[] {
    if (this.#rounds.length === 0) return [];
    const confirmed = committedIndex(
      configuration,
      (id) => id === self ? this.#newestRound : this.#answered.get(id) ?? 0,
    );
    let count = 0;
    while (count < this.#rounds.length && this.#rounds[count].round <= confirmed) {
      this.#count -= this.#rounds[count++].reads.length;
    }
    return this.#rounds.splice(0, count);
  }

  /** Drops all reads; who asked asks again. */
  clear(): void {
    this.#gathered = [];
    this.#rounds = [];
    this.#count = 0;
    this.#newestRound = 0;
    this.#answered.clear();
  }
}
