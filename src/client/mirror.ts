import { compareBytes, concatBytes, equalBytes } from "../base/bytes.ts";
import { TXN_OPERATIONS_MAX } from "../base/limits.ts";
import type { KvorumClient } from "./client.ts";
import { type Data, toBytes } from "./data.ts";
import { CompactedError } from "./errors.ts";
import type { KeyValue } from "./key_value.ts";
import { op, type Operation } from "./txn.ts";
import type { WatchEvent } from "./watch.ts";

/** The bytes of values that one transaction carries; a single value may have more. */
const TXN_BYTES = 524_288;

/** What is mirrored, and where to. */
export interface MirrorOptions {
  /** Only keys that begin so. @default {all} */
  readonly prefix?: Data;
  /** What stands at the target in the place of the prefix. @default {the prefix itself} */
  readonly destPrefix?: Data;
  /**
   * A key at the target that holds the revision of the source that the target has got to. With it a
   * mirror that was interrupted goes on where it was. It must not begin with `destPrefix`.
   */
  readonly progressKey?: Data;
  /** Ends the mirroring, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How far a mirror has got. */
export interface MirrorProgress {
  /** Whether this was the comparison of everything, or what one revision changed. */
  readonly type: "base" | "change";
  /** The revision of the source that the target has now. */
  readonly revision: number;
  /** How many keys were set. */
  readonly puts: number;
  /** How many keys were deleted. */
  readonly deletes: number;
}

/**
 * Keeps the keys below a prefix at one cluster equal to those below a prefix at another: first
 * everything as of one revision, then every change in its order. Keys that the source does not have
 * are deleted, values that are equal are left alone, and leases are not carried over. Where history
 * was compacted while the mirror was cut off, everything is compared again.
 *
 * It is driven by the loop over it, which learns how far it has got. Nobody else may write below the
 * target's prefix.
 *
 * @throws {TypeError} if the progress key lies among the mirrored keys
 *
 * @example Keep a second cluster for the day on which the first one is lost
 * ```ts
 * import { mirror } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using first = await TestCluster.start({ replicas: 1 });
 * await using second = await TestCluster.start({ replicas: 1 });
 * await first.client.put("app/colour", "green");
 *
 * const options = { prefix: "app/", progressKey: "mirrored/app" };
 * for await (const { type, revision, puts } of mirror(first.client, second.client, options)) {
 *   console.log(type, revision, puts); // "base" first, then a "change" for each revision
 *   break; // a real one goes on
 * }
 * if ((await second.client.get("app/colour"))?.text() !== "green") throw new Error("Not mirrored");
 * ```
 */
export async function* mirror(
  source: KvorumClient,
  target: KvorumClient,
  options: MirrorOptions = {},
): AsyncGenerator<MirrorProgress, void, undefined> {
  const writer = new MirrorWriter(target, options);
  const wait = options.signal === undefined ? {} : { signal: options.signal };
  let revision = await writer.progress();
  for (;;) {
    try {
      if (revision === 0) {
        ({ revision } = await source.range({ prefix: writer.prefix }, {
          ...wait,
          countOnly: true,
        }));
        const { puts, deletes } = await writer.copyAll(source, revision);
        yield { type: "base", revision, puts, deletes };
      }
      const watch = source.watch({ prefix: writer.prefix }, {
        ...wait,
        startRevision: revision + 1,
      });
      for await (const batch of watch) {
        const { puts, deletes } = await writer.apply(batch.revision, batch.events);
        revision = batch.revision;
        yield { type: "change", revision, puts, deletes };
      }
      return;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      revision = 0;
    }
  }
}

/** Counts what is written to the target, and cuts it into transactions that a server takes. */
class MirrorWriter {
  readonly prefix: Uint8Array;
  readonly #destPrefix: Uint8Array;
  readonly #target: KvorumClient;
  readonly #progressKey: Uint8Array | null;
  readonly #wait: { readonly signal?: AbortSignal };
  #operations: Operation<unknown>[] = [];
  #byteLength = 0;
  #puts = 0;
  #deletes = 0;

  constructor(target: KvorumClient, options: MirrorOptions) {
    this.prefix = toBytes(options.prefix ?? "");
    this.#destPrefix = toBytes(options.destPrefix ?? this.prefix);
    this.#target = target;
    this.#progressKey = options.progressKey === undefined ? null : toBytes(options.progressKey);
    this.#wait = options.signal === undefined ? {} : { signal: options.signal };
    const dest = this.#destPrefix;
    if (
      this.#progressKey !== null && equalBytes(this.#progressKey.subarray(0, dest.length), dest)
    ) {
      throw new TypeError("Cannot keep the progress among the mirrored keys: choose another key");
    }
  }

  /** The revision that the target has got to, or zero if that is not known. */
  async progress(): Promise<number> {
    if (this.#progressKey === null) return 0;
    const kv = await this.#target.get(this.#progressKey, this.#wait);
    const revision = Number(kv?.text() ?? 0);
    return Number.isSafeInteger(revision) && revision > 0 ? revision : 0;
  }

  /** Walks over both sides in the order of their keys and evens out the differences. */
  async copyAll(
    source: KvorumClient,
    revision: number,
  ): Promise<{ puts: number; deletes: number }> {
    // What an earlier attempt left over is found again.
    this.#operations = [];
    this.#byteLength = this.#puts = this.#deletes = 0;
    const ours = source.entries({ prefix: this.prefix }, { ...this.#wait, revision });
    const theirs = this.#target.entries({ prefix: this.#destPrefix }, this.#wait);
    let [kv, other] = [await nextOf(ours), await nextOf(theirs)];
    while (kv !== null || other !== null) {
      const order = kv === null
        ? 1
        : other === null
        ? -1
        : compareBytes(this.#destKey(kv.key), other.key);
      if (kv !== null && order <= 0) {
        if (order < 0 || !equalBytes(kv.value, other?.value as Uint8Array)) await this.#put(kv);
      } else if (other !== null) {
        await this.#delete(other.key);
      }
      if (order <= 0) kv = await nextOf(ours);
      if (order >= 0) other = await nextOf(theirs);
    }
    return await this.#finish(revision);
  }

  /** Applies what one revision has changed. A key occurs in it at most once. */
  async apply(
    revision: number,
    events: readonly WatchEvent[],
  ): Promise<{ puts: number; deletes: number }> {
    for (const { type, kv } of events) {
      if (type === "put") await this.#put(kv);
      else await this.#delete(this.#destKey(kv.key));
    }
    return await this.#finish(revision);
  }

  #destKey(key: Uint8Array): Uint8Array {
    return concatBytes([this.#destPrefix, key.subarray(this.prefix.length)]);
  }

  async #put({ key, value }: KeyValue): Promise<void> {
    this.#puts++;
    await this.#add(op.put(this.#destKey(key), value), key.length + value.length);
  }

  async #delete(key: Uint8Array): Promise<void> {
    this.#deletes++;
    await this.#add(op.delete(key), key.length);
  }

  async #add(operation: Operation<unknown>, byteLength: number): Promise<void> {
    const isFull = this.#operations.length === TXN_OPERATIONS_MAX - 1 ||
      this.#byteLength + byteLength > TXN_BYTES;
    if (isFull) await this.#flush();
    this.#operations.push(operation);
    this.#byteLength += byteLength;
  }

  /** Safety: the progress is written with the last piece, so it never runs ahead. */
  async #finish(revision: number): Promise<{ puts: number; deletes: number }> {
    if (this.#progressKey !== null) {
      this.#operations.push(op.put(this.#progressKey, String(revision)));
    }
    await this.#flush();
    const counts = { puts: this.#puts, deletes: this.#deletes };
    this.#puts = this.#deletes = 0;
    return counts;
  }

  async #flush(): Promise<void> {
    if (this.#operations.length === 0) return;
    await this.#target.txn().do(...this.#operations).commit(this.#wait);
    this.#operations = [];
    this.#byteLength = 0;
  }
}

async function nextOf(entries: AsyncGenerator<KeyValue>): Promise<KeyValue | null> {
  const { value, done } = await entries.next();
  return done === true ? null : value;
}
