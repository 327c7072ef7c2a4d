import { assert } from "../../base/assert.ts";
import type { KvorumClient } from "../client.ts";
import { type Data, toBytes } from "../data.ts";
import { CompactedError } from "../errors.ts";
import { KeyValue } from "../key_value.ts";
import type { PutOptions } from "../operation.ts";
import type { RangeResult } from "../results.ts";
import { compare, type Comparison, op, type Operation } from "../txn.ts";
import type { Isolation, TransactionalMemory } from "./transactional_memory.ts";

/** Keys as of one revision. */
export interface Known {
  readonly revision: number;
  readonly kvs: ReadonlyMap<string, KeyValue | null>;
}

interface Write {
  /** The key as the transaction itself sees it. */
  readonly kv: KeyValue | null;
  readonly operation: Operation<unknown>;
}

/**
 * One run of a transaction's function: what it has read, and what it will write. Ref: etcd
 * client/v3/concurrency/stm.go.
 */
export class StmAttempt implements TransactionalMemory {
  readonly #client: KvorumClient;
  readonly #isolation: Isolation;
  readonly #known: Known | null;
  readonly #signal: AbortSignal;
  readonly #reads = new Map<string, Promise<KeyValue | null>>();
  /** Invariant: what was read, and nothing that is still being read. */
  readonly #seen = new Map<string, KeyValue | null>();
  readonly #writes = new Map<string, Write>();
  /** The first read, whose revision all others have, too. */
  #first: Promise<RangeResult> | null = null;
  /** The revision that all reads have, or zero if they have none in common. */
  #revision: number;
  #isOutdated = false;

  constructor(
    client: KvorumClient,
    isolation: Isolation,
    known: Known | null,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#isolation = isolation;
    this.#known = known;
    this.#signal = signal;
    this.#revision = known?.revision ?? 0;
  }

  /** Whether the revision that it reads was compacted meanwhile: it has to run again. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  async get(key: string): Promise<KeyValue | null> {
    const write = this.#writes.get(key);
    return write === undefined ? await this.#read(key) : write.kv;
  }

  async modRevision(key: string): Promise<number> {
    return (await this.#read(key))?.modRevision ?? 0;
  }

  put(key: string, value: Data, options: PutOptions = {}): void {
    const none = { createRevision: 0, modRevision: 0, version: 0 };
    const bytes = { key: toBytes(key), value: toBytes(value) };
    const kv = new KeyValue({ ...bytes, ...none, lease: options.lease ?? 0n });
    this.#writes.set(key, { kv, operation: op.put(key, value, options) });
  }

  delete(key: string): void {
    this.#writes.set(key, { kv: null, operation: op.delete(key) });
  }

  /** Writes all, if nobody has changed what that depends on; otherwise reads the same keys anew. */
  async commit(): Promise<
    | { readonly succeeded: true; readonly revision: number }
    | { readonly succeeded: false; readonly known: Known }
  > {
    const keys = [...this.#seen.keys()];
    // Why without the signal: once it is sent, the answer says what has happened.
    const outcome = await this.#client.txn()
      .when(...this.#conditions())
      .do(...[...this.#writes.values()].map(({ operation }) => operation))
      .otherwise(...keys.map((key) => op.get(key)))
      .commit();
    const { succeeded, revision, results } = outcome;
    if (succeeded) return { succeeded, revision };
    return { succeeded, known: toKnown(keys, revision, results) };
  }

  #conditions(): Comparison[] {
    if (this.#isolation === "read-committed") return [];
    const conditions = [...this.#seen].map(([key, kv]) =>
      compare.modRevision(key, "==", kv?.modRevision ?? 0)
    );
    if (this.#isolation !== "serializable-snapshot" || this.#seen.size === 0) return conditions;
    for (const key of this.#writes.keys()) {
      if (this.#seen.has(key)) continue;
      conditions.push(compare.modRevision(key, "<", this.#revision + 1));
    }
    return conditions;
  }

  #read(key: string): Promise<KeyValue | null> {
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = this.#fetch(key);
      this.#reads.set(key, read);
    }
    return read;
  }

  async #fetch(key: string): Promise<KeyValue | null> {
    let kv = this.#known?.kvs.get(key);
    if (kv === undefined) {
      try {
        kv = await (this.#isSnapshot ? this.#fetchSnapshot(key) : this.#fetchLatest(key));
      } catch (error) {
        this.#isOutdated ||= error instanceof CompactedError;
        throw error;
      }
    }
    this.#seen.set(key, kv);
    return kv;
  }

  get #isSnapshot(): boolean {
    return this.#isolation === "serializable-snapshot" || this.#isolation === "serializable";
  }

  #fetchLatest(key: string): Promise<KeyValue | null> {
    return this.#client.get(key, { serializable: true, signal: this.#signal });
  }

  async #fetchSnapshot(key: string): Promise<KeyValue | null> {
    const signal = this.#signal;
    if (this.#revision === 0 && this.#first === null) {
      this.#first = this.#client.range(key, { signal });
      const { kvs, revision } = await this.#first;
      this.#revision = revision;
      return kvs[0] ?? null;
    }
    if (this.#first !== null) await this.#first;
    return await this.#client.get(key, { revision: this.#revision, signal });
  }
}

/** Reads keys together. */
export async function readKnown(
  client: KvorumClient,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<Known> {
  const read = await client.txn().do(...keys.map((key) => op.get(key))).commit({ signal });
  assert(read.succeeded, "A transaction without conditions succeeds");
  return toKnown(keys, read.revision, read.results);
}

function toKnown(
  keys: readonly string[],
  revision: number,
  kvs: readonly (KeyValue | null)[],
): Known {
  return { revision, kvs: new Map(keys.map((key, i) => [key, kvs[i]])) };
}
