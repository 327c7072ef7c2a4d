import type { Clock } from "../base/clock.ts";
import type { Data } from "./data.ts";
import type { KeyRange } from "./key_range.ts";
import type { KeyValue } from "./key_value.ts";
import { Leases } from "./leases.ts";
import { type ClientMethod, COMPACT, DELETE_RANGE, PUT, RANGE, TXN } from "./methods.ts";
import {
  type DeleteOptions,
  deleteRequest,
  type GetOptions,
  getRequest,
  type PutOptions,
  putRequest,
  type RangeOptions,
  rangeRequest,
} from "./operation.ts";
import {
  type DeleteResult,
  type PutResult,
  type RangeResult,
  toDeleteResult,
  toOnlyKeyValue,
  toPutResult,
  toRangeResult,
} from "./results.ts";
import type { CallOptions, ClientTransport } from "./transport.ts";
import { Txn } from "./txn.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/** How long to wait for an answer. */
export interface WaitOptions {
  /** Stops the waiting, with the signal's reason. A write that was sent may still be applied. */
  readonly signal?: AbortSignal;
  /** How long the client tries, over all servers. @default {the client's own} */
  readonly deadlineMs?: number;
}

/** How {@linkcode KvorumClient.entries} reads. */
export interface PageOptions extends WaitOptions, RangeOptions {
  /** How many keys are fetched at a time. @default {1000} */
  readonly pageSize?: number;
}

const PAGE_SIZE = 1_000;

/**
 * A cluster, as a program uses it: keys, transactions, watches and leases. Every method takes
 * `signal` and `deadlineMs`, and rejects with {@linkcode KvorumError}.
 *
 * Reads are linearizable unless they say otherwise. A write is applied once, however often it had to
 * be sent; one whose fate could not be learned by the deadline rejects with
 * {@linkcode OutcomeUnknownError}.
 *
 * @example Keep settings, and look back at them
 * ```ts
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster; // elsewhere: connect("http://127.0.0.1:2379")
 *
 * const { revision } = await client.put("settings/web", JSON.stringify({ port: 80 }));
 * await client.put("settings/web", JSON.stringify({ port: 8080 }));
 *
 * const now = await client.get("settings/web");
 * const before = await client.get("settings/web", { revision });
 * console.log(now?.json(), "was", before?.json());
 *
 * await client.compact(revision + 1); // nobody looks back any further
 * const { deleted } = await client.delete({ prefix: "settings/" });
 * if (deleted !== 1) throw new Error(`deleted ${deleted}`);
 * ```
 */
export class KvorumClient implements AsyncDisposable {
  /** Leases: keys that vanish when nobody renews them. */
  readonly leases: Leases<WaitOptions>;
  /** The time by which the client waits. */
  readonly clock: Clock;
  /** How long a call tries unless it says otherwise. */
  readonly deadlineMs: number;
  /**
   * How calls get to the cluster: what wraps the client wraps this.
   * @internal
   */
  readonly transport: ClientTransport;
  readonly #plainOptions: CallOptions;

  /**
   * Programs call `connect()` instead.
   * @internal
   */
  constructor(transport: ClientTransport, clock: Clock, deadlineMs: number) {
    this.transport = transport;
    this.clock = clock;
    this.deadlineMs = deadlineMs;
    this.#plainOptions = { deadlineMs };
    this.leases = new Leases(transport, (options) => this.#callOptions(options));
  }

  /**
   * Reads a key.
   * @returns the key, or null if it is not there
   * @throws {CompactedError} when the revision that was asked for is compacted
   */
  get(key: Data, options?: GetOptions & WaitOptions): Promise<KeyValue | null> {
    const request = getRequest(key, options);
    return this.transport.call(RANGE, request, toOnlyKeyValue, this.#callOptions(options));
  }

  /**
   * Sets a key.
   * @throws {KvorumError} `NOT_FOUND` when there is no such lease; `RESOURCE_EXHAUSTED` when the
   * cluster is full; `INVALID_ARGUMENT` for an empty key, or with `keepLease` for one that is not there
   */
  put(key: Data, value: Data, options?: PutOptions & WaitOptions): Promise<PutResult> {
    const request = putRequest(key, value, options);
    return this.transport.call(PUT, request, toPutResult, this.#callOptions(options));
  }

  /** Deletes keys. Where there are none, none is deleted. */
  delete(range: KeyRange, options?: DeleteOptions & WaitOptions): Promise<DeleteResult> {
    const request = deleteRequest(range, options);
    return this.transport.call(DELETE_RANGE, request, toDeleteResult, this.#callOptions(options));
  }

  /**
   * Reads keys, all at once; {@linkcode KvorumClient.entries} is for many.
   * @throws {CompactedError} when the revision that was asked for is compacted
   */
  range(range: KeyRange, options?: RangeOptions & WaitOptions): Promise<RangeResult> {
    const request = rangeRequest(range, options);
    return this.transport.call(RANGE, request, toRangeResult, this.#callOptions(options));
  }

  /**
   * Reads keys in the order of their bytes, a page at a time, all as of one revision, however many
   * they are and however long it takes.
   * @throws {CompactedError} when that revision is compacted on the way
   * @throws {TypeError} if another order is asked for
   */
  async *entries(range: KeyRange, options: PageOptions = {}): AsyncGenerator<KeyValue> {
    if (options.sortBy !== undefined || options.descending === true) {
      throw new TypeError("Cannot page in another order than that of the keys: use range()");
    }
    const { pageSize = PAGE_SIZE, limit = Infinity, ...rest } = options;
    const request = rangeRequest(range, rest);
    for (let left = limit; left > 0;) {
      request.limit = Math.min(pageSize, left);
      const call = this.#callOptions(options);
      const page = await this.transport.call(RANGE, request, toRangeResult, call);
      yield* page.kvs;
      if (!page.more || page.kvs.length === 0) return;
      left -= page.kvs.length;
      request.revision ||= page.revision;
      // The next key after one is the same with a zero byte behind it.
      const { key } = page.kvs[page.kvs.length - 1];
      request.key = new Uint8Array(key.length + 1);
      request.key.set(key);
    }
  }

  /** Begins a transaction. */
  txn(): Txn<WaitOptions> {
    return new Txn(
      (request, toResult, options: WaitOptions | undefined) =>
        this.transport.call(TXN, request, toResult, this.#callOptions(options)),
      [],
      [],
      [],
    );
  }

  /** Watches keys. The watch begins at once; see {@linkcode Watch.opened}. */
  watch(range: KeyRange, options: WatchOptions = {}): Watch {
    return new Watch(this.transport, this.clock, range, options);
  }

  /**
   * Forgets the history before a revision. With `physical` it waits until the server has taken it out
   * of its memory.
   * @throws {CompactedError} when that is forgotten already
   * @throws {KvorumError} `OUT_OF_RANGE` for a revision that does not exist yet
   */
  compact(
    revision: number,
    options?: WaitOptions & { readonly physical?: boolean },
  ): Promise<void> {
    const request = { revision, physical: options?.physical ?? false };
    return this.transport.call(COMPACT, request, () => {}, this.#callOptions(options));
  }

  /**
   * Calls any method: what the client has no method for is a function that calls this.
   * @internal
   */
  call<Q extends object, A extends object, R>(
    method: ClientMethod<Q, A>,
    request: Q,
    toResult: (response: A) => R,
    options?: WaitOptions,
  ): Promise<R> {
    return this.transport.call(method, request, toResult, this.#callOptions(options));
  }

  /** Ends all that waits, and the connection. */
  close(): Promise<void> {
    return this.transport.close();
  }

  /** The same as {@linkcode KvorumClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #callOptions(options: WaitOptions | undefined): CallOptions {
    if (options === undefined) return this.#plainOptions;
    const { signal, deadlineMs = this.deadlineMs } = options;
    return signal === undefined ? { deadlineMs } : { signal, deadlineMs };
  }
}
