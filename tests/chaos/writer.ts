import { KvorumError, OutcomeUnknownError } from "../../src/client/mod.ts";
import { type Findings, type Ground, sleep } from "./ground.ts";

/** Where writers write. */
export const LOG_PREFIX = "log/";

/** What became of one write. */
interface Write {
  readonly value: string;
  /** The revision that was acknowledged; null when nobody knows. */
  readonly revision: number | null;
}

/** One change as a watch saw it. */
export interface Seen {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** Writes 1, 2, 3 to a key of its own and remembers what it was told of each. */
export class Writer {
  readonly #key: string;
  readonly #writes: Write[] = [];

  constructor(name: string) {
    this.#key = `${LOG_PREFIX}${name}`;
  }

  /** Writes until the signal. */
  async run(ground: Ground, findings: Findings, signal: AbortSignal): Promise<void> {
    await using client = ground.connect();
    const prng = ground.prng.fork(this.#key);
    for (let number = 1; !signal.aborted; number++) {
      const value = `${number}`;
      try {
        const { revision } = await client.put(this.#key, value, { deadlineMs: 4_000 });
        this.#writes.push({ value, revision });
        findings.count("writes");
      } catch (error) {
        if (!(error instanceof KvorumError)) throw error;
        // Only an outcome that is said to be unknown may be one of both.
        const isUnknown = error instanceof OutcomeUnknownError;
        findings.count(isUnknown ? "writes of unknown outcome" : "writes that did not happen");
        if (isUnknown) this.#writes.push({ value, revision: null });
      }
      await sleep(ground, prng.next() * 60);
    }
  }

  /** Holds what was told against all that was ever written. */
  check(history: readonly Seen[], findings: Findings): void {
    const seen = history.filter(({ key }) => key === this.#key);
    const known = new Map(this.#writes.map((write) => [write.value, write]));
    const values = seen.map(({ value }) => value);
    if (new Set(values).size < values.length) {
      findings.report(`${this.#key}: a write was applied twice: ${values}`);
    }
    for (const { value, revision } of seen) {
      const write = known.get(value);
      if (write === undefined) {
        findings.report(`${this.#key}: ${value} was written, and its writer was told it was not`);
      } else if (write.revision !== null && write.revision !== revision) {
        findings.report(`${this.#key}: ${value} has revision ${revision}, not ${write.revision}`);
      }
    }
    const written = new Set(values);
    for (const { value, revision } of this.#writes) {
      if (revision !== null && !written.has(value)) {
        findings.report(`${this.#key}: ${value} was acknowledged at ${revision} and is lost`);
      }
    }
  }
}
