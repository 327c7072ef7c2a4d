/**
 * Kvorum is etcd rebuilt for the Web platform: a replicated, strictly consistent key-value store
 * with transactions, watches and leases, as a library for Deno and browsers.
 *
 * @module
 */
export { VERSION } from "./src/version.ts";
