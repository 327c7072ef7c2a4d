import type { KvorumClient } from "../client.ts";
import { type Known, readKnown, StmAttempt } from "./stm_attempt.ts";
import type { Isolation, TransactionalMemory } from "./transactional_memory.ts";
import { type RecipeOptions, waiting } from "./wait.ts";

/** How a transaction runs. */
export interface TransactOptions extends RecipeOptions {
  /** What it sees of others, and which of their writes it yields to. @default {"serializable-snapshot"} */
  readonly isolation?: Isolation;
  /** Keys that it will probably read: they are fetched together beforehand. @default {none} */
  readonly prefetch?: readonly string[];
}

/** What came of a transaction. */
export interface Transacted<T> {
  /** What the function returned in the attempt that held. */
  readonly value: T;
  /** The revision at which it took effect. */
  readonly revision: number;
  /** How often the function ran. */
  readonly attempts: number;
}

/**
 * Software transactional memory, with the isolation levels of etcd's `concurrency.NewSTM`: runs a
 * function whose reads and writes take effect together or not at all. When somebody else has changed
 * what it depends on, it runs again, as often as necessary: it must do nothing that cannot be
 * repeated. When it throws, nothing is written.
 *
 * It can read and write at most as many keys as a transaction takes: 128 on servers that are not told
 * otherwise.
 *
 * @throws whatever the function throws
 * @throws {KvorumError} `DEADLINE_EXCEEDED` when others were faster every time
 * @throws {OutcomeUnknownError} when nobody says whether it took effect
 *
 * @example Move money
 * ```ts
 * import { type KvorumClient, transact } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * async function move(client: KvorumClient, from: string, to: string, amount: number) {
 *   await transact(client, async (memory) => {
 *     const [source, target] = await Promise.all([memory.get(from), memory.get(to)]);
 *     memory.put(from, String(Number(source?.text() ?? 0) - amount));
 *     memory.put(to, String(Number(target?.text() ?? 0) + amount));
 *   }, { prefetch: [from, to] });
 * }
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await client.put("ann", "100");
 * await Promise.all([move(client, "ann", "bob", 30), move(client, "ann", "bob", 20)]);
 * if ((await client.get("bob"))?.text() !== "50") throw new Error("Money was lost");
 * ```
 */
export function transact<T>(
  client: KvorumClient,
  apply: (memory: TransactionalMemory) => T | Promise<T>,
  options: TransactOptions = {},
): Promise<Transacted<T>> {
  const { isolation = "serializable-snapshot", prefetch = [] } = options;
  return waiting(client, options, null, async (signal) => {
    let known: Known | null = prefetch.length === 0
      ? null
      : await readKnown(client, prefetch, signal);
    for (let attempts = 1;; attempts++) {
      signal.throwIfAborted();
      const attempt = new StmAttempt(client, isolation, known, signal);
      known = null;
      try {
        const value = await apply(attempt);
        const outcome = await attempt.commit();
        if (outcome.succeeded) return { value, revision: outcome.revision, attempts };
        known = outcome.known;
      } catch (error) {
        if (!attempt.isOutdated) throw error;
      }
    }
  });
}
