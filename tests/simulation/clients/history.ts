import type { KeyValue } from "../../../src/mvcc/key_value.ts";
import type { RegisterOperation } from "../linearizability/register.ts";
import type { SimCluster } from "../sim_cluster.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Key names of the model: one character for each byte, which for ours is the key itself. */
type ModelState = ReadonlyMap<string, KeyValue>;

/** A request that was sent and may have been answered. */
export interface OpenOperation {
  readonly register: RegisterOperation;
  /** The newest revision that anybody had been answered before the request was sent. */
  readonly floor: number;
}

/** One key as a client got it: null for one that is not there. */
export type Read = ReadonlyMap<string, string | null>;

/** The value of a key-value as text. */
export function valueOf(kv: KeyValue | undefined): string | null {
  return kv === undefined ? null : decoder.decode(kv.value);
}

/**
 * What clients asked and were answered, checked as the answers come: revisions never go back in real
 * time, what was read is what the log says for that revision, and acknowledged writes are in the log.
 * The operations on single keys are kept for the search at the end.
 */
export class History {
  /** By key. */
  readonly registers: Map<string, RegisterOperation[]> = new Map();
  readonly #cluster: SimCluster;
  #newestAnswered = 1;
  #operationCount = 0;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  get operationCount(): number {
    return this.#operationCount;
  }

  /** A request is sent. */
  begin(key: string, action: RegisterOperation["action"]): OpenOperation {
    this.#operationCount++;
    const { nowMs } = this.#cluster.world;
    const register: RegisterOperation = { action, invokedMs: nowMs, returnedMs: Infinity };
    let operations = this.registers.get(key);
    if (operations === undefined) this.registers.set(key, operations = []);
    operations.push(register);
    return { register, floor: this.#newestAnswered };
  }

  /** The floor for a request that is not about a single key. */
  beginRange(): number {
    this.#operationCount++;
    return this.#newestAnswered;
  }

  /** A request is answered that is linearizable and did not change anything, at `revision`. */
  read(floor: number, revision: number, values: Read): void {
    if (revision < floor) {
      this.#report("stale read", `revision ${revision} after ${floor} had been answered`);
    }
    this.#settle(revision, values);
  }

  /** A read of what one replica has, however old. */
  readSerializable(revision: number, values: Read): void {
    this.#settle(revision, values);
  }

  /** A write is answered: it has set or deleted (null) these keys at `revision`. */
  wrote(floor: number, revision: number, values: Read): void {
    if (revision <= floor) {
      this.#report("write order", `revision ${revision} after ${floor} had been answered`);
    }
    const changes = this.#cluster.oracle.model.changesAt(revision);
    for (const [key, value] of values) {
      const name = nameOf(key);
      const change = changes.find(({ kv }) => nameOf(decoder.decode(kv.key)) === name);
      const written = change === undefined
        ? undefined
        : change.type === 1
        ? null
        : valueOf(change.kv);
      if (written !== value) {
        this.#report(
          "lost write",
          `${key} = ${value} at ${revision} is not in the log: ${written}`,
        );
      }
    }
    this.#settle(revision, values);
  }

  #settle(revision: number, values: Read): void {
    const { model } = this.#cluster.oracle;
    this.#newestAnswered = Math.max(this.#newestAnswered, revision);
    if (revision > model.revision) {
      this.#report("phantom", `revision ${revision} is answered, the log is at ${model.revision}`);
      return;
    }
    const state: ModelState = model.stateAt(revision);
    for (const [key, value] of values) {
      const known = valueOf(state.get(nameOf(key)));
      if (known === value) continue;
      this.#report("wrong value", `${key} is ${value} at ${revision}; the log says ${known}`);
    }
  }

  #report(rule: string, text: string): void {
    this.#cluster.verdict.report(rule, text);
  }
}

function nameOf(key: string): string {
  return String.fromCharCode(...encoder.encode(key));
}
