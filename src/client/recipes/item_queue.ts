import type { KvorumClient } from "../client.ts";
import type { KeyRange } from "../key_range.ts";
import type { KeyValue } from "../key_value.ts";
import type { RangeOptions, SortBy } from "../operation.ts";
import { compare, op } from "../txn.ts";
import { nextChange, type RecipeOptions, waiting } from "./wait.ts";

/**
 * Items below a prefix, each of which one consumer gets.
 *
 * @example A consumer that does not mind which kind it is
 * ```ts
 * import { type ItemQueue, PriorityQueue, Queue } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * async function drain(queue: ItemQueue): Promise<string[]> {
 *   const items: string[] = [];
 *   for (let item = await queue.tryDequeue(); item !== null; item = await queue.tryDequeue()) {
 *     items.push(item.text());
 *   }
 *   return items;
 * }
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const pages = new Queue(cluster.client, "pages");
 * await pages.enqueue("/");
 * const mails = new PriorityQueue(cluster.client, "mails");
 * await mails.enqueue("hello", 7);
 * console.log(await drain(pages), await drain(mails)); // ["/"] ["hello"]
 * ```
 */
export abstract class ItemQueue {
  /** Who asks for the items. */
  readonly client: KvorumClient;
  /** The queue's name, which its keys begin with. */
  readonly name: string;
  readonly #range: KeyRange;
  readonly #first: RangeOptions;

  /** @internal */
  constructor(client: KvorumClient, name: string, sortBy: SortBy) {
    this.client = client;
    this.name = name;
    this.#range = { prefix: `${name}/` };
    this.#first = { sortBy, limit: 1 };
  }

  /**
   * Takes the next item, and waits for one if there is none. No other consumer gets it: who dies with
   * an item in hand has lost it. An item that was taken is returned though the signal aborts.
   * @throws {KvorumError} `DEADLINE_EXCEEDED` when there was none in time
   * @throws {OutcomeUnknownError} when nobody says whether an item was taken
   */
  dequeue(options: RecipeOptions = {}): Promise<KeyValue> {
    return waiting(this.client, options, null, async (signal) => {
      for (;;) {
        const { item, revision } = await this.#take(signal);
        if (item !== null) return item;
        await nextChange(this.client, this.#range, "puts", revision + 1, signal);
      }
    });
  }

  /** Takes the next item. @returns null if there is none */
  tryDequeue(options: RecipeOptions = {}): Promise<KeyValue | null> {
    return waiting(this.client, options, null, async (signal) => (await this.#take(signal)).item);
  }

  /** Takes one item after the other, for as long as somebody iterates. */
  async *items(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<KeyValue> {
    for (;;) yield await this.dequeue(options);
  }

  async #take(signal: AbortSignal): Promise<{ item: KeyValue | null; revision: number }> {
    let { kvs: [item], revision } = await this.client.range(this.#range, {
      ...this.#first,
      signal,
    });
    while (item !== undefined) {
      signal.throwIfAborted();
      // Safety: without the signal. An item whose claim was given up on its way would be lost.
      const claim = await this.client.txn()
        .when(compare.modRevision(item.key, "==", item.modRevision))
        .do(op.delete(item.key))
        .otherwise(op.range(this.#range, this.#first))
        .commit();
      if (claim.succeeded) return { item, revision: claim.revision };
      ({ kvs: [item], revision } = claim.results[0]);
    }
    return { item: null, revision };
  }
}
