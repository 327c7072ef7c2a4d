import type { KvorumClient, WaitOptions } from "../client.ts";
import type { Data } from "../data.ts";
import { KvorumError } from "../errors.ts";
import { compare, op } from "../txn.ts";
import { ItemQueue } from "./item_queue.ts";

const PRIORITY_MAX = 65_535;
const PRIORITY_DIGITS = 5;
const SEQUENCE_DIGITS = 16;

/**
 * A queue whose items of the smallest priority come first, among equals in the order in which they
 * came, in the layout of etcd's `recipe.PriorityQueue`.
 *
 * @example Let what is urgent overtake
 * ```ts
 * import { PriorityQueue } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const mails = new PriorityQueue(cluster.client, "mails");
 *
 * await mails.enqueue("newsletter", 9);
 * await mails.enqueue("fire in the server room", 0);
 * const first = await mails.dequeue();
 * if (first.text() !== "fire in the server room") throw new Error("The newsletter came first");
 * ```
 */
export class PriorityQueue extends ItemQueue {
  /** A queue, which may be there already: nothing is sent. */
  constructor(client: KvorumClient, name: string) {
    super(client, name, "key");
  }

  /**
   * Appends an item to those of its priority.
   * @param priority From 0, which is taken first, to 65535.
   * @throws {RangeError} if it is no such number
   * @throws {KvorumError} when it could not be written
   */
  async enqueue(value: Data, priority: number, options: WaitOptions = {}): Promise<void> {
    if (!Number.isInteger(priority) || priority < 0 || priority > PRIORITY_MAX) {
      throw new RangeError(`Cannot enqueue with priority ${priority}: from 0 to ${PRIORITY_MAX}`);
    }
    const prefix = `${this.name}/${padded(priority, PRIORITY_DIGITS)}`;
    // Everybody who appends here writes to this key: nobody takes a number that was just given.
    const guard = `__${prefix}`;
    const range = { prefix: `${prefix}/` };
    const last = { descending: true, limit: 1, keysOnly: true } as const;
    let { kvs, revision } = await this.client.range(range, { ...last, ...options });
    for (;;) {
      const number = kvs.length === 0 ? 0 : Number(kvs[0].name.slice(range.prefix.length)) + 1;
      if (!Number.isSafeInteger(number)) {
        throw new KvorumError("FAILED_PRECONDITION", "the queue has a key that is no item's");
      }
      const appended = await this.client.txn()
        .when(compare.modRevision(guard, "<", revision + 1))
        .do(op.put(guard, ""), op.put(range.prefix + padded(number, SEQUENCE_DIGITS), value))
        .otherwise(op.range(range, last))
        .commit(options);
      if (appended.succeeded) return;
      ({ kvs, revision } = appended.results[0]);
    }
  }
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}
