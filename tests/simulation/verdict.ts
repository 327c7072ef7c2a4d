import type { World } from "./world.ts";

/** A promise that was broken. */
export interface Violation {
  /** Which one: a few words that stay the same from seed to seed. */
  readonly rule: string;
  readonly text: string;
  readonly atMs: number;
}

/** How many of the latest lines of a trace are kept. */
const LINES_MAX = 20_000;

/** What a run has come to so far: the first broken promise, and what happened before it. */
export class Verdict {
  /** The first violation; what comes after it may follow from it. */
  violation: Violation | null = null;
  /** How often each kind of thing has happened. */
  readonly counts: Map<string, number> = new Map();
  readonly #world: World;
  readonly #isTraced: boolean;
  #lines: string[] = [];

  /** @param isTraced Whether `note` keeps its lines. */
  constructor(world: World, isTraced: boolean) {
    this.#world = world;
    this.#isTraced = isTraced;
  }

  /** Notes a broken promise. Never throws: it may be called from within a replica. */
  report(rule: string, text: string): void {
    this.note("!!", () => `${rule}: ${text}`);
    this.violation ??= { rule, text, atMs: this.#world.nowMs };
  }

  /** Counts something. */
  count(kind: string, by = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + by);
  }

  /** Adds a line to the trace; `text` is called only if somebody wants to read it. */
  note(who: string, text: () => string): void {
    if (!this.#isTraced) return;
    const seconds = (this.#world.nowMs / 1_000).toFixed(4).padStart(9);
    this.#lines.push(`${seconds}  ${who.padEnd(10)} ${text()}`);
    if (this.#lines.length >= 2 * LINES_MAX) this.#lines = this.#lines.slice(-LINES_MAX);
  }

  /** The latest lines of the trace. */
  trace(): readonly string[] {
    return this.#lines.slice(-LINES_MAX);
  }
}
