import type { Entry } from "../../../src/raft/entry.ts";
import { EMPTY_HARD_STATE, type HardState } from "../../../src/raft/hard_state.ts";
import type { LogBatch, RecoveredLog } from "../../../src/storage/log_store.ts";
import type { Verdict } from "../verdict.ts";
import type { LogTree } from "./log_tree.ts";

/**
 * What one replica's storage has promised to keep, over all its restarts: the other side of the
 * storage's contract. What it recovers is compared with it, and so is what the replica says to others
 * before it may.
 */
export class DurableLog {
  hardState: HardState = EMPTY_HARD_STATE;
  readonly #who: string;
  readonly #verdict: Verdict;
  readonly #tree: LogTree;
  /** The index just before the first entry. */
  #offset = 0;
  /** The terms of the entries from `#offset` on; that one's may be unknown. */
  #terms: (number | null)[] = [0];
  /** The batch that is being written. */
  #pending: LogBatch | null = null;
  #isSaving = false;
  /** The newest snapshot that is durable. */
  #snapshotIndex = 0;

  constructor(who: string, tree: LogTree, verdict: Verdict) {
    this.#who = who;
    this.#tree = tree;
    this.#verdict = verdict;
  }

  /** The index just before the first entry that is kept. */
  get offset(): number {
    return this.#offset;
  }

  /** The index of the last durable entry. */
  get lastIndex(): number {
    return this.#offset + this.#terms.length - 1;
  }

  /** The index of the newest durable snapshot. */
  get snapshotIndex(): number {
    return this.#snapshotIndex;
  }

  /** The term of the durable entry at `index`; null if it is not known, undefined if not there. */
  termAt(index: number): number | null | undefined {
    return this.#terms[index - this.#offset];
  }

  /** Storage has been opened. */
  recovered({ hardState, snapshot, entries }: RecoveredLog): void {
    this.#checkHardState(hardState);
    const pendingFrom = this.#pending?.entries[0]?.index ?? Infinity;
    const snapshotIndex = snapshot?.manifest.index ?? 0;
    if (snapshotIndex < this.#snapshotIndex) {
      this.#lost(
        `the snapshot at ${this.#snapshotIndex}; it recovered the one at ${snapshotIndex}`,
      );
    }
    const recoveredFirst = entries[0]?.index ?? Infinity;
    for (let index = this.#offset + 1; index <= this.lastIndex; index++) {
      if (index <= snapshotIndex || index >= pendingFrom) continue;
      const term = entries[index - recoveredFirst]?.term;
      if (term !== this.termAt(index)) {
        // A snapshot that contradicts the log replaces all of it, also what comes later.
        if (this.#isSaving && snapshotIndex > this.#snapshotIndex) break;
        this.#lost(`entry ${index} of term ${this.termAt(index)}; it recovered ${term}`);
        break;
      }
    }
    this.#reset(snapshot?.manifest ?? { index: 0, term: 0 }, entries);
    this.hardState = hardState;
    this.#pending = null;
    this.#isSaving = false;
    this.#snapshotIndex = snapshotIndex;
  }

  #reset(snapshot: { index: number; term: number }, entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) {
      this.#offset = snapshot.index;
      this.#terms = [snapshot.term];
      return;
    }
    this.#offset = first.index - 1;
    this.#terms = [
      this.#offset === snapshot.index ? snapshot.term : this.#offset === 0 ? 0 : null,
      ...entries.map(({ term }) => term),
    ];
    for (const entry of entries) this.#tree.add(this.#who, entry, this.termAt(entry.index - 1)!);
  }

  #checkHardState({ term, vote }: HardState): void {
    const isKept = term === this.hardState.term && vote === this.hardState.vote;
    const pending = this.#pending?.hardState ?? null;
    const isPending = pending !== null && term === pending.term && vote === pending.vote;
    if (!isKept && !isPending) {
      const { hardState } = this;
      this.#lost(
        `term ${hardState.term} and vote ${hardState.vote}; it recovered ${term}, ${vote}`,
      );
    }
  }

  #lost(what: string): void {
    this.#verdict.report("durability", `${this.#who} has lost ${what}`);
  }

  /** A batch is on its way to the disk. */
  appending(batch: LogBatch): void {
    this.#pending = batch;
  }

  /** The batch has become durable. */
  appended({ hardState, entries }: LogBatch): void {
    this.#pending = null;
    if (hardState !== null) {
      const old = this.hardState;
      if (hardState.term < old.term) {
        this.#verdict.report("terms", `${this.#who} goes back to term ${hardState.term}`);
      }
      if (hardState.term === old.term && old.vote !== 0n && hardState.vote !== old.vote) {
        this.#verdict.report("one vote", `${this.#who} votes twice in term ${old.term}`);
      }
      this.hardState = hardState;
    }
    const first = entries[0];
    if (first === undefined) return;
    if (first.index > this.lastIndex + 1) {
      this.#verdict.report("durability", `${this.#who} leaves a gap before entry ${first.index}`);
      return;
    }
    if (first.index <= this.#offset) this.#offset = first.index - 1, this.#terms = [null];
    this.#terms.length = first.index - this.#offset;
    for (const entry of entries) {
      this.#tree.add(this.#who, entry, this.#terms[this.#terms.length - 1]);
      this.#terms.push(entry.term);
    }
  }

  /** A snapshot is on its way to the disk. */
  saving(): void {
    this.#isSaving = true;
  }

  /** The snapshot has become durable. */
  saved(snapshot: { index: number; term: number }): void {
    this.#isSaving = false;
    this.#snapshotIndex = snapshot.index;
    if (this.termAt(snapshot.index) !== snapshot.term) this.#reset(snapshot, []);
  }

  /** Entries through `index` have been forgotten. */
  compacted(index: number): void {
    const count = Math.min(index, this.lastIndex) - this.#offset;
    if (count <= 0) return;
    this.#terms.splice(0, count);
    this.#offset += count;
  }
}
