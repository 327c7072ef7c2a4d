import type { KvorumClient } from "../client.ts";
import { KvorumError } from "../errors.ts";
import { compare, op } from "../txn.ts";
import { nextChange, type RecipeOptions, waiting } from "./wait.ts";

/** How a barrier is held. */
export interface BarrierOptions extends RecipeOptions {
  /** A lease that the barrier ends with, such as a session's. @default {none} */
  readonly lease?: bigint;
}

/**
 * A closed barrier: whoever comes to it waits until it is released, in the layout of etcd's
 * `recipe.Barrier`.
 *
 * @example Let nobody start before the tables are there
 * ```ts
 * import { Barrier, passBarrier } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * const done: string[] = [];
 *
 * const migration = await Barrier.hold(client, "migration");
 * const server = passBarrier(client, "migration").then(() => done.push("served"));
 * done.push("migrated");
 * await migration.release();
 * await server;
 * if (done.join() !== "migrated,served") throw new Error(done.join());
 * ```
 */
export class Barrier implements AsyncDisposable {
  /** The key that is the barrier. */
  readonly key: string;
  readonly #client: KvorumClient;
  readonly #revision: number;

  private constructor(client: KvorumClient, key: string, revision: number) {
    this.key = key;
    this.#client = client;
    this.#revision = revision;
  }

  /**
   * Closes a barrier.
   * @throws {KvorumError} `ALREADY_EXISTS` when somebody holds it
   */
  static async hold(
    client: KvorumClient,
    name: string,
    { lease = 0n, ...options }: BarrierOptions = {},
  ): Promise<Barrier> {
    const { succeeded, revision } = await client.txn()
      .when(compare.missing(name))
      .do(op.put(name, "", { lease }))
      .commit(options);
    if (!succeeded) throw new KvorumError("ALREADY_EXISTS", "somebody holds the barrier");
    return new Barrier(client, name, revision);
  }

  /** Lets everybody pass. */
  async release(): Promise<void> {
    await this.#client.txn()
      .when(compare.createRevision(this.key, "==", this.#revision))
      .do(op.delete(this.key))
      .commit();
  }

  /** The same as {@linkcode Barrier.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/**
 * Waits until nobody holds a barrier; not at all if nobody does.
 * @throws {KvorumError} `DEADLINE_EXCEEDED` when it was not released in time
 *
 * @example Do not wait for ever
 * ```ts
 * import { Barrier, KvorumError, passBarrier } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await passBarrier(client, "migration"); // nobody holds it
 *
 * await using _barrier = await Barrier.hold(client, "migration");
 * try {
 *   await passBarrier(client, "migration", { deadlineMs: 50 });
 * } catch (error) {
 *   if (!(error instanceof KvorumError) || error.code !== "DEADLINE_EXCEEDED") throw error;
 *   console.log("the migration takes its time");
 * }
 * ```
 */
export function passBarrier(
  client: KvorumClient,
  name: string,
  options: RecipeOptions = {},
): Promise<void> {
  return waiting(client, options, null, async (signal) => {
    for (;;) {
      const { kvs, revision } = await client.range(name, { keysOnly: true, signal });
      if (kvs.length === 0) return;
      if (await nextChange(client, name, "deletes", revision + 1, signal) !== null) return;
    }
  });
}
