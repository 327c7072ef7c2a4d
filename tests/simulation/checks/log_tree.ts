import { equalBytes } from "../../../src/base/bytes.ts";
import type { Entry } from "../../../src/raft/entry.ts";
import type { Verdict } from "../verdict.ts";

/** An entry that some replica has made durable. */
export interface LoggedEntry {
  readonly entry: Entry;
  /** The term of the entry before it, or `null` where nobody has told yet. */
  prevTerm: number | null;
}

const INDEX_MAX = 2 ** 32;

/**
 * All entries that were ever durable anywhere. Index and term name an entry, so whoever holds an entry
 * holds the same one, and the same ones before it: Log Matching (Raft §5.3), checked as each entry
 * becomes durable, in constant time.
 */
export class LogTree {
  readonly #entries = new Map<number, LoggedEntry>();
  readonly #verdict: Verdict;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  /** The entry of that index and term, if it was ever durable. */
  get(index: number, term: number): LoggedEntry | undefined {
    return this.#entries.get(term * INDEX_MAX + index);
  }

  /** A replica has made an entry durable, after one of `prevTerm` (null if that is not known). */
  add(who: string, entry: Entry, prevTerm: number | null): void {
    const key = entry.term * INDEX_MAX + entry.index;
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { entry, prevTerm });
      return;
    }
    const place = `${who} holds entry ${entry.index} of term ${entry.term}`;
    if (
      known.entry.kind !== entry.kind ||
      (known.entry.data !== entry.data && !equalBytes(known.entry.data, entry.data))
    ) {
      this.#verdict.report("log matching", `${place} with another content than somebody else`);
    }
    if (prevTerm === null || known.prevTerm === null) known.prevTerm ??= prevTerm;
    else if (known.prevTerm !== prevTerm) {
      this.#verdict.report(
        "log matching",
        `${place} after one of term ${prevTerm}, and somebody else after one of ${known.prevTerm}`,
      );
    }
  }
}
