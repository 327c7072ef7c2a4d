import type { KvorumClient, WaitOptions } from "../client.ts";
import type { Data } from "../data.ts";
import { compare, op } from "../txn.ts";
import { ItemQueue } from "./item_queue.ts";
import { uniqueName } from "./wait.ts";

/**
 * A queue with any number of producers and consumers, in the order in which items came, in the layout
 * of etcd's `recipe.Queue`.
 *
 * @example Spread work over programs
 * ```ts
 * import { type KvorumClient, Queue } from "@kvorum/kvorum/client";
 *
 * async function produce(client: KvorumClient, url: string): Promise<void> {
 *   await new Queue(client, "pages").enqueue(url);
 * }
 *
 * async function consume(client: KvorumClient, visit: (url: string) => Promise<void>) {
 *   for await (const item of new Queue(client, "pages").items()) await visit(item.text());
 * }
 * ```
 */
export class Queue extends ItemQueue {
  /** A queue, which may be there already: nothing is sent. */
  constructor(client: KvorumClient, name: string) {
    super(client, name, "mod");
  }

  /** Appends an item. @throws {KvorumError} when it could not be written */
  async enqueue(value: Data, options: WaitOptions = {}): Promise<void> {
    for (let succeeded = false; !succeeded;) {
      const key = `${this.name}/${uniqueName(this.client)}`;
      ({ succeeded } = await this.client.txn()
        .when(compare.missing(key))
        .do(op.put(key, value))
        .commit(options));
    }
  }
}
