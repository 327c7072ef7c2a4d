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
  wrote(open: OpenOperation | readonly OpenOperation[], revision: number, values: Read): void {
    const opens = Array.isArray(open) ? open : [open];
    const { floor } = opens[0];
    for (const { register } of opens) register.revision = revision;
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

  /**
   * The operations on a key, with those that nobody answered put where the log has them: what they
   * have written happened before it was first applied, or it never happened.
   */
  resolved(key: string): RegisterOperation[] {
    const { model, revisionMs } = this.#cluster.oracle;
    const operations = this.registers.get(key) ?? [];
    const changes = new Map<string, number>();
    const deletions = new Set<number>();
    for (let revision = 2; revision <= model.revision; revision++) {
      for (const { type, kv } of model.changesAt(revision)) {
        if (decoder.decode(kv.key) !== key) continue;
        if (type === 1) deletions.add(revision);
        else changes.set(decoder.decode(kv.value), revision);
      }
    }
    const answered = operations.filter(({ returnedMs }) => returnedMs !== Infinity);
    for (const { revision } of answered) if (revision !== undefined) deletions.delete(revision);
    const lost: RegisterOperation[] = [];
    let firstDeleteMs = Infinity;
    for (const { action, invokedMs, returnedMs } of operations) {
      if (returnedMs !== Infinity || action.type === "read") continue;
      if (action.value === null) firstDeleteMs = Math.min(firstDeleteMs, invokedMs);
      const revision = action.value === null ? undefined : changes.get(action.value);
      if (revision === undefined) continue;
      const done = action.type === "swap" ? { ...action, isDone: true } : action;
      lost.push({ action: done, invokedMs, returnedMs: revisionMs[revision] });
    }
    for (const revision of deletions) {
      const returnedMs = revisionMs[revision];
      const action = { type: "write", value: null } as const;
      lost.push({ action, invokedMs: Math.min(firstDeleteMs, returnedMs), returnedMs });
    }
    return [...answered, ...lost].sort((a, b) => a.invokedMs - b.invokedMs);
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
