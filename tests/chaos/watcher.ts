import { watchState } from "../../src/client/mod.ts";
import { type Findings, type Ground, sleep } from "./ground.ts";
import { LOG_PREFIX, type Seen } from "./writer.ts";

/** Follows the writers from the first revision on, sometimes slower than they write. */
export class Watcher {
  readonly seen: Seen[] = [];
  readonly #name: string;
  readonly #stop = new AbortController();

  constructor(name: string) {
    this.#name = name;
  }

  /** Watches until `stop`. */
  async run(ground: Ground, findings: Findings): Promise<void> {
    await using client = ground.connect();
    const prng = ground.prng.fork(this.#name);
    const { signal } = this.#stop;
    const options = { startRevision: 1, signal };
    try {
      for await (const { revision, events } of client.watch({ prefix: LOG_PREFIX }, options)) {
        const last = this.seen.at(-1)?.revision ?? 0;
        if (revision <= last) findings.report(`${this.#name}: ${revision} came after ${last}`);
        for (const { kv } of events) {
          this.seen.push({ key: kv.name, value: kv.text(), revision: kv.modRevision });
        }
        findings.count("watched revisions");
        if (prng.chance(0.01)) await sleep(ground, 1_500);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Every change, once, in order: what a watch without any trouble sees. */
  check(history: readonly Seen[], findings: Findings): void {
    const [ours, all] = [this.seen, history].map((list) => JSON.stringify(list));
    if (ours !== all) {
      findings.report(
        `${this.#name}: saw ${this.seen.length} changes of ${history.length}, or others`,
      );
    }
  }
}

/** Keeps a copy of what the writers write, as a cache does. */
export class Mirror {
  readonly copy: Map<string, string> = new Map();
  readonly #stop = new AbortController();

  /** Mirrors until `stop`. */
  async run(ground: Ground): Promise<void> {
    await using client = ground.connect();
    const { signal } = this.#stop;
    try {
      for await (const update of watchState(client, { prefix: LOG_PREFIX }, { signal })) {
        if (update.type === "snapshot") {
          this.copy.clear();
          for (const kv of update.kvs) this.copy.set(kv.name, kv.text());
        } else {
          for (const { kv } of update.events) this.copy.set(kv.name, kv.text());
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}
