/**
 * Kvorum is etcd rebuilt for the Web platform: a replicated, strictly consistent key-value store
 * with transactions, watches and leases. This is the client; servers and storages have entry points
 * of their own.
 *
 * @example Put a key and read it back, with a cluster of three in this very program
 * ```ts
 * import { connect } from "@kvorum/kvorum";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start();
 * await using client = connect([0, 1, 2].map((index) => () => cluster.replica(index)!.dial()));
 * await client.put("greeting", "hello");
 * console.log((await client.get("greeting"))?.text());
 * ```
 *
 * @module
 */
export * from "./src/client/mod.ts";
export { VERSION } from "./src/version.ts";
