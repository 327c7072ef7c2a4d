import type { Prng } from "../../../src/base/prng.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import type { CommandResult } from "../../../src/machine/result.ts";
import type { Machine } from "../../../src/machine/machine.ts";
import type { DeleteRangeResponse, TxnResponse } from "../../../src/proto/kv.ts";
import type { RegisterAction } from "../linearizability/register.ts";
import type { SimCluster } from "../sim_cluster.ts";
import type { SimNode } from "../sim_node.ts";
import { type Answer, call } from "./call.ts";
import { type History, type OpenOperation, type Read, valueOf } from "./history.ts";
import * as requests from "./requests.ts";

/** How often a write with an identity is tried again after a lost answer. */
const RETRIES_MAX = 6;
const DECODER = new TextDecoder();

/** One client that does one thing after the other, each through any replica. */
export class KvClient {
  /** How many requests were answered. */
  okCount = 0;
  readonly #cluster: SimCluster;
  readonly #history: History;
  readonly #prng: Prng;
  readonly #name: string;
  readonly #identity: bigint;
  /** What this client last saw of each key: what a swap expects. */
  readonly #seen = new Map<string, string | null>();
  #sequence = 0;
  #valueCount = 0;
  #isStopped = false;

  constructor(cluster: SimCluster, history: History, number: number) {
    this.#cluster = cluster;
    this.#history = history;
    this.#name = `c${number}`;
    this.#identity = BigInt(1_000 + number);
    this.#prng = cluster.world.prng.fork(this.#name);
    this.#pause();
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #pause(): void {
    const { world, options } = this.#cluster;
    world.after(-Math.log(1 - this.#prng.next()) * options.thinkMs, () => {
      if (this.#isStopped) return;
      this.#act().then(() => this.#pause(), (error) => {
        this.#cluster.verdict.report("simulator", `A client fails: ${error?.stack}`);
      });
    });
  }

  #act(): Promise<void> {
    const prng = this.#prng;
    const dice = prng.next();
    if (dice < 0.25) return this.#put(this.#key(), prng.chance(0.5));
    if (dice < 0.45) return this.#get(this.#key());
    if (dice < 0.55) return this.#getSerializable();
    // An answer with a long value is not kept for a retry.
    const isKept = this.#cluster.options.valueBytes === 0;
    if (dice < 0.75) return this.#swap(this.#key(), prng.chance(0.5) && isKept);
    if (dice < 0.85) return this.#delete(this.#key(), prng.chance(0.5));
    if (dice < 0.92) return this.#putAll(prng.chance(0.5));
    if (dice < 0.98) return this.#range();
    return this.#cluster.options.isCompacting ? this.#compact() : this.#range();
  }

  #key(): string {
    return `k${this.#prng.between(0, this.#cluster.options.keyCount)}`;
  }

  #value(): string {
    const { valueBytes } = this.#cluster.options;
    return `${this.#name}.${++this.#valueCount}${"x".repeat(valueBytes * this.#prng.next())}`;
  }

  #node(): SimNode {
    return this.#cluster.endpoint(this.#prng);
  }

  async #write(
    request: requests.WriteRequest,
    isRetried: boolean,
  ): Promise<Answer<CommandResult>> {
    const identity = isRetried ? { client: this.#identity, sequence: ++this.#sequence } : undefined;
    for (let attempt = 1;; attempt++) {
      const answer = await call(
        this.#cluster,
        this.#prng,
        this.#node(),
        (replica) =>
          replica.propose(request.kind, request.body, identity === undefined ? {} : { identity }),
      );
      if (answer.kind === "ok") {
        this.okCount++;
        if (attempt > 1) this.#cluster.verdict.count("retries that succeeded");
        return answer;
      }
      this.#cluster.verdict.count(`writes ${answer.kind}`);
      if (identity === undefined || attempt > RETRIES_MAX) {
        return attempt > 1 ? { kind: "unknown", reason: answer.reason } : answer;
      }
    }
  }

  /** Notes that an operation on one key has returned, or that nothing of it was done. */
  #finish({ register }: OpenOperation, answer: Answer<unknown>, key: string): void {
    if (answer.kind === "ok") register.returnedMs = this.#cluster.world.nowMs;
    else if (answer.kind === "refused") this.#forget(key, register.action);
  }

  #forget(key: string, action: RegisterAction): void {
    const operations = this.#history.registers.get(key) ?? [];
    const at = operations.findIndex((operation) => operation.action === action);
    if (at !== -1) operations.splice(at, 1);
  }

  async #put(key: string, isRetried: boolean): Promise<void> {
    const value = this.#value();
    const open = this.#history.begin(key, { type: "write", value });
    const answer = await this.#write(requests.put(key, value), isRetried);
    this.#finish(open, answer, key);
    if (answer.kind !== "ok") return;
    this.#seen.set(key, value);
    if (!this.#isAccepted(answer.value)) return;
    this.#history.wrote(open, answer.value.revision, new Map([[key, value]]));
  }

  async #delete(key: string, isRetried: boolean): Promise<void> {
    const open = this.#history.begin(key, { type: "write", value: null });
    const answer = await this.#write(requests.remove(key), isRetried);
    this.#finish(open, answer, key);
    if (answer.kind !== "ok" || !this.#isAccepted(answer.value)) return;
    const { deleted } = answer.value.response as DeleteRangeResponse;
    const values = new Map([[key, null]]);
    if (deleted > 0) this.#history.wrote(open, answer.value.revision, values);
    else this.#history.read(open.floor, answer.value.revision, values);
  }

  async #swap(key: string, isRetried: boolean): Promise<void> {
    const expected = this.#seen.get(key) ?? null;
    const value = this.#value();
    const action: RegisterAction = { type: "swap", expected, value, found: null };
    const open = this.#history.begin(key, action);
    const request = requests.compareAndSwap(key, expected, value);
    const answer = await this.#write(request, isRetried);
    this.#finish(open, answer, key);
    if (answer.kind !== "ok" || !this.#isAccepted(answer.value)) return;
    const { succeeded, responses } = answer.value.response as TxnResponse;
    action.isDone = succeeded;
    const found = succeeded ? value : valueOf(responses[0].responseRange?.kvs[0]);
    action.found = found;
    this.#seen.set(key, found);
    const values = new Map([[key, found]]);
    if (succeeded) this.#history.wrote(open, answer.value.revision, values);
    else this.#history.read(open.floor, answer.value.revision, values);
  }

  /** Sets two keys or more at once: for each of them one write of its own. */
  async #putAll(isRetried: boolean): Promise<void> {
    const keys = [...new Set([this.#key(), this.#key(), this.#key()])];
    const value = this.#value();
    const opens = keys.map((key) => this.#history.begin(key, { type: "write", value }));
    const answer = await this.#write(requests.putAll(keys, value), isRetried);
    opens.forEach((open, i) => this.#finish(open, answer, keys[i]));
    if (answer.kind !== "ok" || !this.#isAccepted(answer.value)) return;
    const values = new Map(keys.map((key) => [key, value]));
    this.#history.wrote(opens, answer.value.revision, values);
  }

  async #get(key: string): Promise<void> {
    const action: RegisterAction = { type: "read", value: null };
    const open = this.#history.begin(key, action);
    const answer = await call(this.#cluster, this.#prng, this.#node(), async (replica) => {
      await replica.linearize();
      return { revision: replica.machine.store.revision, value: readOne(replica.machine, key) };
    });
    if (answer.kind !== "ok") return this.#forget(key, action);
    this.okCount++;
    const { revision, value } = answer.value;
    action.value = value;
    this.#finish(open, answer, key);
    this.#seen.set(key, value);
    this.#history.read(open.floor, revision, new Map([[key, value]]));
  }

  async #getSerializable(): Promise<void> {
    const key = this.#key();
    const answer = await call(this.#cluster, this.#prng, this.#node(), (replica) => ({
      revision: replica.machine.store.revision,
      value: readOne(replica.machine, key),
    }));
    if (answer.kind !== "ok") return;
    const { revision, value } = answer.value;
    this.#history.readSerializable(revision, new Map([[key, value]]));
  }

  async #range(): Promise<void> {
    const floor = this.#history.beginRange();
    const { keyCount } = this.#cluster.options;
    const answer = await call(this.#cluster, this.#prng, this.#node(), async (replica) => {
      await replica.linearize();
      return readAll(replica.machine, keyCount);
    });
    if (answer.kind !== "ok") return;
    this.okCount++;
    this.#history.read(floor, answer.value.revision, answer.value.values);
  }

  async #compact(): Promise<void> {
    const revision = this.#cluster.oracle.model.revision - this.#prng.between(0, 50);
    if (revision > 1) await this.#write(requests.compact(revision), false);
  }

  /** Nothing that these clients ask for may be refused by the machine. */
  #isAccepted({ reason }: CommandResult): boolean {
    if (reason === null) return true;
    this.#cluster.verdict.report("answers", `${this.#name} was refused: ${reason}`);
    return false;
  }
}

function readOne(machine: Machine, key: string): string | null {
  return valueOf(machine.store.get(encodeUtf8(key)) ?? undefined);
}

function readAll(machine: Machine, keyCount: number): { revision: number; values: Read } {
  const { store } = machine;
  const range = requests.rangeOf("k", "l");
  const result = store.range(range);
  const values = new Map<string, string | null>();
  for (let i = 0; i < keyCount; i++) values.set(`k${i}`, null);
  if (typeof result !== "string") {
    for (const kv of result.kvs) values.set(DECODER.decode(kv.key), valueOf(kv));
  }
  return { revision: store.revision, values };
}
