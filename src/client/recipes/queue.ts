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
 * import { Queue } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * const producer = new Queue(cluster.client, "pages");
 * for (const page of ["/", "/about"]) await producer.enqueue(page);
 *
 * const visited: string[] = [];
 * for await (const item of new Queue(cluster.client, "pages").items()) { // any number of consumers
 *   visited.push(item.text());
 *   if (visited.length === 2) break;
 * }
 * if (visited.join() !== "/,/about") throw new Error(visited.join());
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
