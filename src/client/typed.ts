import type { KvorumClient, PageOptions, WaitOptions } from "./client.ts";
import { type Data, toText } from "./data.ts";
import type { KeyRange } from "./key_range.ts";
import type { KeyValue } from "./key_value.ts";
import type { GetOptions, PutOptions, RangeOptions } from "./operation.ts";
import type { WatchOptions } from "./watch.ts";

/**
 * How values of a program become values of a cluster, and back.
 *
 * @example Dates
 * ```ts
 * import { type Codec, typed } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * const dates: Codec<Date> = {
 *   encode: (date) => date.toISOString(),
 *   decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
 * };
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const runs = typed(cluster.client, dates);
 * await runs.put("runs/last", new Date(0));
 * console.log((await runs.get("runs/last"))?.value.getUTCFullYear()); // 1970
 * ```
 */
export interface Codec<T> {
  /** What is stored. */
  encode(value: T): Data;
  /** What was meant. It may throw: then the read fails. */
  decode(bytes: Uint8Array): T;
}

/**
 * Values as JSON. That they have the type is what the program says; nobody checks. One that does
 * check wraps `decode`.
 *
 * @example Check what is read
 * ```ts
 * import { type Codec, jsonCodec } from "@kvorum/kvorum/client";
 *
 * const json = jsonCodec<number>();
 * const ports: Codec<number> = {
 *   encode: json.encode,
 *   decode(bytes) {
 *     const port = json.decode(bytes);
 *     if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
 *     throw new TypeError(`${port} is no port`);
 *   },
 * };
 * console.log(ports.encode(8080), ports.decode(new TextEncoder().encode("8080")));
 * ```
 */
export function jsonCodec<T>(): Codec<T> {
  return {
    encode(value) {
      const json = JSON.stringify(value);
      if (json !== undefined) return json;
      throw new TypeError(`Cannot store ${typeof value} as JSON`);
    },
    decode: (bytes) => JSON.parse(toText(bytes)),
  };
}

/**
 * Values as bytes, untouched.
 *
 * @example Pictures
 * ```ts
 * import { bytesCodec, typed } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const pictures = typed(cluster.client, bytesCodec);
 * await pictures.put("pictures/dot", new Uint8Array([0x47, 0x49, 0x46]));
 * console.log((await pictures.get("pictures/dot"))?.value.length); // 3
 * ```
 */
export const bytesCodec: Codec<Uint8Array> = {
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
};

/** A key whose value has a type. */
export interface TypedKeyValue<T> extends Omit<KeyValue, "value" | "text" | "json"> {
  /** The value. */
  readonly value: T;
}

/** One change of one key whose value has a type. */
export interface TypedEvent<T> {
  /** What happened. */
  readonly type: "put" | "delete";
  /** The key's name. */
  readonly name: string;
  /** The key after the change, or null if it was deleted. */
  readonly kv: TypedKeyValue<T> | null;
}

/** All changes of one revision. */
export interface TypedBatch<T> {
  /** The revision that made them. */
  readonly revision: number;
  /** The changes, in order. */
  readonly events: readonly TypedEvent<T>[];
}

/** Keys whose values all have one type. Everything else is done with the client. */
export interface TypedKeys<T> {
  /** How values are stored: for `op.put` in a transaction, `codec.encode(value)`. */
  readonly codec: Codec<T>;
  /** Reads a key. @returns null if it is not there */
  get(key: Data, options?: GetOptions & WaitOptions): Promise<TypedKeyValue<T> | null>;
  /** Sets a key. @returns the revision that did it */
  put(key: Data, value: T, options?: PutOptions & WaitOptions): Promise<number>;
  /** Reads keys, all at once. */
  range(
    range: KeyRange,
    options?: Omit<RangeOptions, "keysOnly" | "countOnly"> & WaitOptions,
  ): Promise<TypedKeyValue<T>[]>;
  /** Reads keys a page at a time, all as of one revision. */
  entries(
    range: KeyRange,
    options?: Omit<PageOptions, "keysOnly" | "countOnly">,
  ): AsyncGenerator<TypedKeyValue<T>>;
  /** Watches keys. */
  watch(range: KeyRange, options?: WatchOptions): AsyncGenerator<TypedBatch<T>, void, undefined>;
}

/**
 * Keys whose values have a type instead of being bytes.
 *
 * @param codec How they are stored. @default {as JSON}
 *
 * @example Settings
 * ```ts
 * import { typed } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const settings = typed<{ port: number }>(cluster.client);
 *
 * const found = await settings.get("settings/web");
 * await settings.put("settings/web", { port: (found?.value.port ?? 8079) + 1 });
 * if ((await settings.get("settings/web"))?.value.port !== 8080) throw new Error("Not raised");
 * ```
 */
export function typed<T>(client: KvorumClient, codec: Codec<T> = jsonCodec()): TypedKeys<T> {
  const toTyped = (kv: KeyValue): TypedKeyValue<T> => {
    const { key, name, createRevision, modRevision, version, lease } = kv;
    return {
      key,
      name,
      createRevision,
      modRevision,
      version,
      lease,
      value: codec.decode(kv.value),
    };
  };
  return {
    codec,
    async get(key, options) {
      const kv = await client.get(key, options);
      return kv === null ? null : toTyped(kv);
    },
    async put(key, value, options) {
      return (await client.put(key, codec.encode(value), options)).revision;
    },
    async range(range, options) {
      return (await client.range(range, options)).kvs.map(toTyped);
    },
    async *entries(range, options) {
      for await (const kv of client.entries(range, options)) yield toTyped(kv);
    },
    async *watch(range, options) {
      for await (const { revision, events } of client.watch(range, options)) {
        const typedEvents = events.map(({ type, kv }): TypedEvent<T> => ({
          type,
          name: kv.name,
          kv: type === "put" ? toTyped(kv) : null,
        }));
        yield { revision, events: typedEvents };
      }
    },
  };
}
