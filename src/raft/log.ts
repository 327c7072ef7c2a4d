import { assert } from "../base/assert.ts";
import { type Entry, entryBytes, EntryKind } from "./entry.ts";
import type { RecoveredState } from "./options.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/**
 * The replicated log since its last compaction, in memory, with the marks that Raft keeps on it:
 *
 *     compacted … offset | first … applied ≤ applying ≤ commit … last
 *                                          stable ≤ handed ≤ last
 *
 * Invariants: `applied ≤ applying ≤ min(commit, stable)`, `commit ≤ last`, `offset ≤ applied`; an
 * entry at or below `commit` is never replaced. While a snapshot waits to become durable the marks
 * already stand at its index, and nothing is handed out for application.
 */
export class RaftLog {
  #entries: Entry[];
  /** The index just before the first entry, and the term there. */
  #offset: number;
  #offsetTerm: number;
  #commit: number;
  #applying: number;
  #applied: number;
  #stable: number;
  #handed: number;
  #pendingSnapshot: SnapshotMeta | null = null;
  /** The newest committed change of the configuration. */
  #configurationCommit = 0;
  /** The commit index that storage knows. */
  #durableCommit: number;

  constructor(recovered: RecoveredState) {
    const { snapshot, entries, hardState } = recovered;
    const first = entries[0];
    this.#offset = snapshot?.index ?? 0;
    this.#offsetTerm = snapshot?.term ?? 0;
    this.#entries = entries.slice();
    if (first !== undefined && first.index !== this.#offset + 1 && first.index !== 1) {
      // The term before the first entry is not known, so the first entry becomes the offset itself.
      this.#offset = first.index;
      this.#offsetTerm = first.term;
      this.#entries.shift();
    } else if (first?.index === 1) {
      this.#offset = this.#offsetTerm = 0;
    }
    const applied = snapshot?.index ?? 0;
    this.#applied = this.#applying = applied;
    this.#stable = this.#handed = this.lastIndex;
    this.#commit = this.#durableCommit = Math.max(hardState.commit, applied);
    assert(
      snapshot === null || this.matches(snapshot.index, snapshot.term),
      `The recovered log does not fit its snapshot at index ${applied}`,
    );
    assert(
      this.#commit <= this.lastIndex,
      `The recovered log ends at ${this.lastIndex}, before the commit index ${this.#commit}`,
    );
  }

  get firstIndex(): number {
    return this.#offset + 1;
  }

  get lastIndex(): number {
    return this.#offset + this.#entries.length;
  }

  get lastTerm(): number {
    const count = this.#entries.length;
    return count > 0 ? this.#entries[count - 1].term : this.#offsetTerm;
  }

  /** The highest index known to be committed. It never goes back. */
  get commit(): number {
    return this.#commit;
  }

  /** Whether a change of the configuration is committed and storage does not know. */
  get hasUnsettledConfiguration(): boolean {
    return this.#configurationCommit > this.#durableCommit;
  }

  /**
   * The commit index that others may be told of and that may be acted on. Safety: that a change of the
   * configuration is committed must be durable first. Else a leader could crash, come back in the old
   * configuration, and need the vote of a member that heard of its removal and is gone for good.
   */
  get settledCommit(): number {
    if (!this.hasUnsettledConfiguration) return this.#commit;
    return Math.max(this.#durableCommit, this.#applied);
  }

  /** The highest index handed out for application. */
  get applying(): number {
    return this.#applying;
  }

  /** The highest index that the state machine has applied. */
  get applied(): number {
    return this.#applied;
  }

  /** The highest index through which storage is known to hold this very log. */
  get stable(): number {
    return this.#stable;
  }

  /** A snapshot from the leader that is not durable yet. */
  get pendingSnapshot(): SnapshotMeta | null {
    return this.#pendingSnapshot;
  }

  /** Whether there is something for storage that no write has carried yet. */
  get hasUnwritten(): boolean {
    return this.#handed < this.lastIndex || this.#pendingSnapshot !== null;
  }

  /** Whether {@linkcode takeCommitted} would hand out anything. */
  get hasCommitted(): boolean {
    return this.#pendingSnapshot === null &&
      this.#applying < Math.min(this.settledCommit, this.#stable);
  }

  /** The term of the entry at `index`, or undefined if it is compacted or not there yet. */
  termAt(index: number): number | undefined {
    if (index === this.#offset) return this.#offsetTerm;
    return this.#entries[index - this.#offset - 1]?.term;
  }

  /** Whether the log has an entry of this term at this index. */
  matches(index: number, term: number): boolean {
    return this.termAt(index) === term;
  }

  /** Entries from `from` on, as many as fit into `bytesMax`, but at least one if there is one. */
  slice(from: number, bytesMax: number, through: number = this.lastIndex): Entry[] {
    assert(from > this.#offset, `Entry ${from} is compacted; the log begins at ${this.firstIndex}`);
    const start = from - this.#offset - 1;
    const limit = through - this.#offset;
    let end = start;
    for (let bytes = 0; end < limit; end++) {
      bytes += entryBytes(this.#entries[end]);
      if (bytes > bytesMax && end > start) break;
    }
    return this.#entries.slice(start, end);
  }

  /** The bytes of the entries with indexes in (`after`, `through`]. */
  bytesBetween(after: number, through: number): number {
    let bytes = 0;
    for (let i = after; i < through; i++) bytes += entryBytes(this.#entries[i - this.#offset]);
    return bytes;
  }

  /** Adds an entry at the end; the leader's way. */
  push(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, `Entry ${entry.index} leaves a gap in the log`);
    this.#entries.push(entry);
  }

  /**
   * Takes over a leader's entries, which follow an entry that matches. Only a real conflict cuts the
   * log off (Raft §5.3): a delayed message must not remove what a later one brought.
   *
   * @returns Whether entries that were there have been replaced.
   */
  merge(entries: readonly Entry[]): boolean {
    let known = 0;
    while (known < entries.length && this.matches(entries[known].index, entries[known].term)) {
      known++;
    }
    if (known === entries.length) return false;
    const conflict = entries[known].index;
    const replaces = conflict <= this.lastIndex;
    if (replaces) this.#truncateFrom(conflict);
    for (; known < entries.length; known++) this.push(entries[known]);
    return replaces;
  }

  #truncateFrom(index: number): void {
    assert(
      index > this.#commit,
      `A leader wants to replace entry ${index}, but ${this.#commit} entries are committed`,
    );
    this.#entries.length = index - this.#offset - 1;
    // What storage holds, or will hold after the write under way, differs from here on.
    this.#stable = Math.min(this.#stable, index - 1);
    this.#handed = Math.min(this.#handed, index - 1);
  }

  /** Raises the commit index; never lowers it. */
  commitTo(index: number): void {
    if (index <= this.#commit) return;
    assert(
      index <= this.lastIndex,
      `Entry ${index} is committed but this log ends at ${this.lastIndex}: it has lost entries`,
    );
    for (let at = this.#commit + 1; at <= index; at++) {
      const { kind } = this.#entries[at - this.#offset - 1];
      if (kind === EntryKind.Configuration) this.#configurationCommit = at;
    }
    this.#commit = index;
  }

  /**
   * The highest index at or below `index` where a log that has `term` at `index` may agree with this
   * one, and the term here, zero if it is compacted. Terms never fall along a log, so all indexes
   * with a higher term here can be skipped (Raft §5.3, the accelerated back-off).
   */
  lastPossibleMatch(index: number, term: number): { index: number; term: number } {
    for (let i = Math.min(index, this.lastIndex); i > 0; i--) {
      const here = this.termAt(i);
      if (here === undefined) return { index: i, term: 0 };
      if (here <= term) return { index: i, term: here };
    }
    return { index: 0, term: 0 };
  }

  /** Whether an entry that changes the configuration is committed and not applied. */
  hasUnappliedConfiguration(): boolean {
    for (let index = this.#applied + 1; index <= this.#commit; index++) {
      if (this.#entries[index - this.#offset - 1].kind === EntryKind.Configuration) return true;
    }
    return false;
  }

  /** Everything that storage was not given yet; from now on it counts as given. */
  takeUnwritten(): Entry[] {
    const entries = this.#entries.slice(this.#handed - this.#offset);
    this.#handed = this.lastIndex;
    return entries;
  }

  /**
   * The write that carried the last {@linkcode takeUnwritten} is durable. Safety: entries that were
   * replaced since then lowered `handed`, so they do not count, not even if equal ones came back:
   * storage holds the replacement's predecessor until the next write (the ABA problem).
   *
   * @param snapshot The snapshot that the write carried.
   * @param commit The commit index that it carried, if it carried one.
   */
  confirmWritten(snapshot: SnapshotMeta | null, commit = 0): void {
    this.#durableCommit = Math.max(this.#durableCommit, commit, snapshot?.index ?? 0);
    this.#stable = this.#handed;
    if (snapshot !== null && snapshot === this.#pendingSnapshot) this.#pendingSnapshot = null;
  }

  /** Committed entries that are durable and were not handed out, at most `bytesMax` at once. */
  takeCommitted(bytesMax: number): Entry[] {
    if (!this.hasCommitted) return [];
    const through = Math.min(this.settledCommit, this.#stable);
    const entries = this.slice(this.#applying + 1, bytesMax, through);
    this.#applying += entries.length;
    return entries;
  }

  /** The state machine has applied everything through `index`. */
  appliedTo(index: number): void {
    assert(index <= this.#applying, `Entry ${index} was applied but not handed out`);
    if (index > this.#applied) this.#applied = index;
  }

  /** Replaces the whole log by a snapshot from the leader. */
  restore(snapshot: SnapshotMeta): void {
    assert(snapshot.index > this.#commit, "A snapshot must not take committed entries back");
    this.#entries = [];
    this.#offset = snapshot.index;
    this.#offsetTerm = snapshot.term;
    this.#commit = this.#applying = this.#applied = snapshot.index;
    this.#stable = this.#handed = snapshot.index;
    this.#pendingSnapshot = snapshot;
  }

  /** Forgets entries through `index`, which are applied and covered by a durable snapshot. */
  compact(index: number): void {
    if (index <= this.#offset) return;
    assert(index <= this.#applied, `Entry ${index} cannot be compacted before it is applied`);
    this.#offsetTerm = this.termAt(index)!;
    this.#entries.splice(0, index - this.#offset);
    this.#offset = index;
  }
}
