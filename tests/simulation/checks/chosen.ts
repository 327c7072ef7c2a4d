import { decodeConfigurationChange } from "../../../src/raft/configuration_change.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import type { AppliedBatch } from "../../../src/machine/machine.ts";
import type { Verdict } from "../verdict.ts";
import type { DurableLog } from "./durable_log.ts";
import type { LogTree } from "./log_tree.ts";
import type { Oracle } from "./oracle.ts";

interface ChosenEntry {
  readonly term: number;
  /** The term of whoever applied it first: it was committed in this term or before. */
  readonly knownInTerm: number;
}

/**
 * The one log that all replicas apply: the entry at each index as the first one applied it. Everybody
 * else must apply the same (State Machine Safety, Raft §5.4.3), after it is durable there, in order.
 */
export class Chosen {
  /** By index; the log begins behind index 1, where the cluster was founded. */
  readonly #entries: ChosenEntry[] = [
    { term: 0, knownInTerm: 0 },
    { term: 0, knownInTerm: 0 },
  ];
  readonly #tree: LogTree;
  readonly #oracle: Oracle;
  readonly #verdict: Verdict;

  constructor(tree: LogTree, oracle: Oracle, verdict: Verdict) {
    this.#tree = tree;
    this.#oracle = oracle;
    this.#verdict = verdict;
  }

  /** The term of the newest entry that anybody applied. */
  get newestTerm(): number {
    return this.#entries[this.lastIndex].term;
  }

  /** The highest index that anybody applied. */
  get lastIndex(): number {
    return this.#entries.length - 1;
  }

  /** The newest entry that is surely committed in a term below `term`, or in it. */
  newestBefore(term: number): { readonly index: number; readonly term: number } | null {
    for (let index = this.lastIndex; index > 0; index--) {
      const entry = this.#entries[index];
      if (entry.knownInTerm <= term) return { index, term: entry.term };
    }
    return null;
  }

  /**
   * A replica stands at `index`, with everything before it.
   *
   * @returns whether the log agrees with what everybody else applied.
   */
  reached(who: string, index: number, term: number, knownInTerm: number): boolean {
    const path: Entry[] = [];
    for (let at = index, atTerm: number | null = term; at > 0; at--) {
      const known = this.#entries[at];
      if (atTerm === null) break;
      if (known !== undefined) {
        if (known.term === atTerm) break;
        this.#verdict.report(
          "state machine safety",
          `${who} applies entry ${at} of term ${atTerm}; others applied that of ${known.term}`,
        );
        return false;
      }
      const logged = this.#tree.get(at, atTerm);
      if (logged === undefined) {
        this.#verdict.report("durability", `${who} applies entry ${at}, which nobody holds`);
        return false;
      }
      path.push(logged.entry);
      atTerm = logged.prevTerm;
    }
    for (const entry of path.reverse()) {
      if (entry.index !== this.#entries.length) {
        this.#verdict.report("state machine safety", `${who} skips to entry ${entry.index}`);
        return false;
      }
      this.#entries.push({ term: entry.term, knownInTerm });
      this.#oracle.apply(entry);
    }
    return true;
  }
}

/** How often replicas are compared in full: at every index divisible by this. */
const HASH_EVERY = 64;

/** What one running replica applies. It lives as long as the replica's process. */
export class AppliedWatch {
  /** The index that the machine stands at, as far as commands and snapshots tell. */
  index: number;
  readonly #who: string;
  readonly #log: DurableLog;
  readonly #chosen: Chosen;
  readonly #oracle: Oracle;
  readonly #tree: LogTree;
  readonly #verdict: Verdict;
  readonly #term: () => number;

  constructor(
    who: string,
    parts: { log: DurableLog; chosen: Chosen; oracle: Oracle; tree: LogTree; verdict: Verdict },
    term: () => number,
  ) {
    this.#who = who;
    this.#log = parts.log;
    this.#chosen = parts.chosen;
    this.#oracle = parts.oracle;
    this.#tree = parts.tree;
    this.#verdict = parts.verdict;
    this.#term = term;
    this.index = parts.log.snapshotIndex;
  }

  /** The machine has been replaced by the durable snapshot. */
  installed(index: number): void {
    const term = this.#log.termAt(index) ?? null;
    if (term !== null) this.#chosen.reached(this.#who, index, term, this.#term());
    this.index = index;
  }

  /** The machine has applied a command; `hash` is its digest, asked for now and then. */
  applied(data: Uint8Array, batch: AppliedBatch, revision: number, hash: () => number): void {
    const index = this.#next(EntryKind.Command);
    if (index === null) return;
    const term = this.#log.termAt(index) as number;
    if (this.#tree.get(index, term)?.entry.data !== data) {
      const known = this.#tree.get(index, term)?.entry.data ?? new Uint8Array(0);
      if (known.length !== data.length || known.some((byte, i) => byte !== data[i])) {
        this.#verdict.report("state machine safety", `${this.#who} does not apply entry ${index}`);
        return;
      }
    }
    if (!this.#chosen.reached(this.#who, index, term, this.#term())) return;
    this.#oracle.check(this.#who, index, batch, revision);
    if (index % HASH_EVERY === 0) this.#oracle.checkHash(this.#who, index, hash());
  }

  /**
   * The machine has applied an entry that changes who its members are.
   *
   * @param removed Who is no member any more.
   */
  changed(removed: readonly bigint[]): void {
    for (;;) {
      const index = this.#next(EntryKind.Configuration);
      if (index === null) return;
      const term = this.#log.termAt(index) as number;
      if (!this.#chosen.reached(this.#who, index, term, this.#term())) return;
      // Who goes by a joint configuration goes when it is left, and an entry that says nothing else
      // says nothing to the machine.
      const entry = this.#tree.get(index, term)?.entry;
      const isIt = removed.length > 0
        ? removed.every((id) => this.#oracle.wasRemoved(id))
        : entry !== undefined && !leavesJoint(entry);
      if (isIt) return;
    }
  }

  /** Goes on to the next entry of a kind that the machine hears of, which must be of this kind. */
  #next(kind: EntryKind): number | null {
    // What is compacted has been applied, also what the machine does not hear of.
    const from = Math.max(this.index, this.#log.offset) + 1;
    for (let index = from; index <= this.#log.lastIndex; index++) {
      const term = this.#log.termAt(index) ?? null;
      const entry = term === null ? undefined : this.#tree.get(index, term)?.entry;
      if (entry === undefined) break;
      if (entry.kind !== kind) {
        if (entry.kind !== EntryKind.Command) continue;
        break;
      }
      this.index = index;
      return index;
    }
    this.#verdict.report("durable before said", `${this.#who} applies what is not durable there`);
    return null;
  }
}

/** The end of a joint configuration. */
function leavesJoint({ data }: Entry): boolean {
  return decodeConfigurationChange(data).context.length === 0;
}
