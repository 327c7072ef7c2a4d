/**
 * Kvorum is etcd rebuilt for the Web platform: a replicated, strictly consistent key-value store
 * with transactions, watches and leases. This is the client; servers and storages have entry points
 * of their own.
 *
 * @example Put a key and read it back
 * ```ts no-run
 * import { connect } from "@kvorum/kvorum";
 *
 * await using client = connect("http://127.0.0.1:2379");
 * await client.put("greeting", "hello");
 * console.log((await client.get("greeting"))?.text());
 * ```
 *
 * @module
 */
export * from "./src/client/mod.ts";
export { VERSION } from "./src/version.ts";
