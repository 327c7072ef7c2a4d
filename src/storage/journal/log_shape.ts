import { assert } from "../../base/assert.ts";
import type { Entry } from "../../raft/entry.ts";

/** Consecutive entries of one term in one frame. */
interface Span {
  readonly sequence: number;
  readonly term: number;
  first: number;
  last: number;
}

/**
 * Which indexes the log holds, with which terms and in which frames of the journal, so that frames
 * that hold nothing of the log any more can be removed.
 *
 * Invariant: the spans are consecutive and reach from `start`, or from later if frames with forgotten
 * entries are gone already, to `last`.
 */
export class LogShape {
  #spans: Span[] = [];
  #start = 1;
  /**
   * The oldest frame of a log that a snapshot has replaced, while no frame says so. Safety: without it
   * the frames after it would look like a log with its beginning lost.
   */
  #replacedFrame: number | null = null;

  /** The first index that the log may hold. */
  get start(): number {
    return this.#start;
  }

  /** The last index that the log holds, or null. */
  get last(): number | null {
    return this.#spans.length === 0 ? null : this.#spans[this.#spans.length - 1].last;
  }

  /** Where the next entry goes if nothing is replaced. */
  get next(): number {
    return this.last === null ? this.#start : this.last + 1;
  }

  /** The first index that the log holds, or null. */
  get first(): number | null {
    return this.#spans.length === 0 ? null : this.#spans[0].first;
  }

  /** The term of the entry at `index`, or null if the log does not hold it. */
  termAt(index: number): number | null {
    for (let i = this.#spans.length - 1; i >= 0; i--) {
      const span = this.#spans[i];
      if (span.first <= index) return index <= span.last ? span.term : null;
    }
    return null;
  }

  /** Whether a log with this shape may go on at `index`. */
  mayAppendAt(index: number): boolean {
    return index >= this.#start && (this.last === null || index <= this.last + 1);
  }

  /**
   * The frame `sequence`, which says that the log begins at `start`, replaces whatever the log holds
   * from `first` on.
   */
  append(sequence: number, start: number, first: number, entries: readonly Entry[]): void {
    if (start === this.#start) this.#replacedFrame = null;
    this.#cutFrom(first);
    if (entries.length === 0) return;
    assert(this.mayAppendAt(first), "LogShape has a gap before the appended entries");
    let span: Span | null = null;
    for (const { index, term } of entries) {
      if (span !== null && span.term === term) span.last = index;
      else this.#spans.push(span = { sequence, term, first: index, last: index });
    }
  }

  #cutFrom(index: number): void {
    for (let span = this.#spans.at(-1); span !== undefined; span = this.#spans.at(-1)) {
      if (span.last < index) return;
      if (span.first < index) {
        span.last = index - 1;
        return;
      }
      this.#spans.pop();
    }
  }

  /** Forgets all entries below `start`. */
  forgetBefore(start: number): void {
    if (start <= this.#start) return;
    this.#start = start;
    const kept = this.#spans.findIndex((span) => span.last >= start);
    this.#spans = kept === -1 ? [] : this.#spans.slice(kept);
    if (kept !== -1) this.#spans[0].first = Math.max(this.#spans[0].first, start);
  }

  /**
   * Forgets all entries if the log does not go through a snapshot at `index` of `term`: an installed
   * snapshot replaces such a log (Raft §7). Answers whether it did.
   */
  dropIfContradicts(index: number, term: number): boolean {
    const agrees = this.first === null
      ? this.#start === index + 1
      : this.first === index + 1 || this.termAt(index) === term;
    if (agrees) return false;
    this.#replacedFrame = this.oldestFrame();
    this.#spans = [];
    this.#start = index + 1;
    return true;
  }

  /** The oldest frame that is still needed for its entries, or null if none is. */
  oldestFrame(): number | null {
    if (this.#replacedFrame !== null) return this.#replacedFrame;
    return this.#spans.length === 0 ? null : this.#spans[0].sequence;
  }
}
