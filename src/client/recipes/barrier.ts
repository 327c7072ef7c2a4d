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
 * import { Barrier, type KvorumClient, passBarrier } from "@kvorum/kvorum/client";
 *
 * async function prepare(client: KvorumClient, migrate: () => Promise<void>): Promise<void> {
 *   await using _barrier = await Barrier.hold(client, "migration");
 *   await migrate();
 * }
 *
 * async function start(client: KvorumClient, serve: () => void): Promise<void> {
 *   await passBarrier(client, "migration");
 *   serve();
 * }
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
 * @example
 * ```ts
 * import { type KvorumClient, passBarrier } from "@kvorum/kvorum/client";
 *
 * async function isOpen(client: KvorumClient): Promise<boolean> {
 *   return await passBarrier(client, "migration", { deadlineMs: 1_000 }).then(() => true, () => false);
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
