import { KvorumClient } from "./client.ts";
import { type Data, toBytes } from "./data.ts";
import { LeasingTransport } from "./leasing_transport.ts";

/** How a leasing cache behaves. */
export interface LeasingOptions {
  /** How long writers of other programs may have to wait for one that died. @default {60} */
  readonly ttlSeconds?: number;
  /** How many keys are kept here at most. @default {10000} */
  readonly keysMax?: number;
}

/**
 * The same cluster, with hot reads answered from memory, as exact as if they were asked of it. The
 * first `get` of a key takes the key into possession; while it lasts, every `get` is local. Whoever
 * else writes the key asks for it back first, and the write waits until it is given.
 *
 * Everyone who writes the keys has to do it through such a client with the same `prefix`, here or
 * from etcd's `leasing` package; other writers would not be noticed. Keys on leases, ranges and the
 * past are read at the cluster. Close it to give the keys back; the client it was made of goes on.
 *
 * @param prefix Where it is written who possesses a key: `prefix` and the key. No key of the program
 * may begin with it.
 * @throws {TypeError} if the prefix is empty
 *
 * @example Read a setting a thousand times, and ask once
 * ```ts
 * import { leasing } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await client.put("settings/limit", "7");
 *
 * await using cached = leasing(client, "leasing/");
 * let sum = 0;
 * for (let i = 0; i < 1_000; i++) sum += Number((await cached.get("settings/limit"))?.text());
 * if (sum !== 7_000) throw new Error(`summed up ${sum}`);
 *
 * await cached.put("settings/limit", "8"); // written at the cluster, too
 * if ((await client.get("settings/limit"))?.text() !== "8") throw new Error("Not stored");
 * ```
 */
export function leasing(
  client: KvorumClient,
  prefix: Data,
  options: LeasingOptions = {},
): KvorumClient {
  const bytes = toBytes(prefix);
  if (bytes.length === 0) throw new TypeError("Cannot cache with an empty prefix for possessions");
  const { ttlSeconds = 60, keysMax = 10_000 } = options;
  const transport = new LeasingTransport(client, bytes, { ttlSeconds, keysMax });
  return new KvorumClient(transport, client.clock, client.deadlineMs);
}
