import type { KvorumClient } from "./client.ts";
import { CompactedError } from "./errors.ts";
import type { KeyRange } from "./key_range.ts";
import type { KeyValue } from "./key_value.ts";
import type { WatchBatch } from "./watch.ts";

/** All keys as of one revision: whatever was known before is replaced. */
export interface StateSnapshot {
  /** Tells it from a change. */
  readonly type: "snapshot";
  /** The revision that the keys are as of. */
  readonly revision: number;
  /** The keys, in order. */
  readonly kvs: readonly KeyValue[];
}

/** What one revision changed. */
export interface StateChange extends WatchBatch {
  /** Tells it from a snapshot. */
  readonly type: "change";
}

/**
 * The state of some keys now, then every change of them: what a cache needs. It goes on through
 * whatever a network does. Where history was compacted meanwhile, another snapshot replaces all.
 *
 * @throws {KvorumError} when no server will serve it; the signal's reason when it aborts
 *
 * @example Keep a copy of the configuration
 * ```ts
 * import { watchState } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await client.put("config/colour", "green");
 *
 * const copy = new Map<string, string>();
 * for await (const update of watchState(client, { prefix: "config/" })) {
 *   if (update.type === "snapshot") {
 *     copy.clear();
 *     for (const kv of update.kvs) copy.set(kv.name, kv.text());
 *     await client.put("config/colour", "red"); // somebody changes it
 *   } else {
 *     for (const { type, kv } of update.events) {
 *       if (type === "put") copy.set(kv.name, kv.text());
 *       else copy.delete(kv.name);
 *     }
 *     break; // a real one goes on
 *   }
 * }
 * if (copy.get("config/colour") !== "red") throw new Error("The copy is old");
 * ```
 */
export async function* watchState(
  client: KvorumClient,
  range: KeyRange,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<StateSnapshot | StateChange, void, undefined> {
  for (;;) {
    try {
      const { revision } = await client.range(range, { ...options, countOnly: true });
      const kvs: KeyValue[] = [];
      for await (const kv of client.entries(range, { ...options, revision })) kvs.push(kv);
      yield { type: "snapshot", revision, kvs };
      const watch = client.watch(range, { ...options, startRevision: revision + 1 });
      for await (const batch of watch) yield { type: "change", ...batch };
      return;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    }
  }
}
