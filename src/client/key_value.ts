import type { KeyValue as WireKeyValue } from "../proto/key_value.ts";
import { toText } from "./data.ts";

/**
 * One key at one revision.
 *
 * @example Read a value in the form that it has
 * ```ts
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await client.put("settings/web", '{"port":8080}');
 *
 * const kv = await client.get("settings/web");
 * if (kv === null) throw new Error("Not stored");
 * const { port } = kv.json<{ port: number }>();
 * console.log(kv.name, port, kv.text(), kv.value.length);
 * console.log(kv.version, kv.modRevision === kv.createRevision); // 1 true: set once, never changed
 * ```
 */
export class KeyValue {
  /** The key's bytes. */
  readonly key: Uint8Array;
  /** The value's bytes. */
  readonly value: Uint8Array;
  /** The revision that created the key. */
  readonly createRevision: number;
  /** The revision that changed the key last. */
  readonly modRevision: number;
  /** Counts the changes since the key was created, from 1. */
  readonly version: number;
  /** The lease that the key ends with, or zero. */
  readonly lease: bigint;

  /**
   * Wraps what a server sent.
   * @internal
   */
  constructor(kv: WireKeyValue) {
    this.key = kv.key;
    this.value = kv.value;
    this.createRevision = kv.createRevision;
    this.modRevision = kv.modRevision;
    this.version = kv.version;
    this.lease = kv.lease;
  }

  /** The key as text. */
  get name(): string {
    return toText(this.key);
  }

  /** The value as text. */
  text(): string {
    return toText(this.value);
  }

  /**
   * The value parsed as JSON. Its type is what the program says it is; nobody checks.
   * @throws {SyntaxError} if it is no JSON
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}

/** Wraps a key that may be missing. */
export function optionalKeyValue(kv: WireKeyValue | undefined): KeyValue | null {
  return kv === undefined ? null : new KeyValue(kv);
}
