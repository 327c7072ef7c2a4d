/**
 * The log of a replica in a Deno KV database.
 *
 * @module
 */
export * from "../seam.ts";
export {
  denoKvLogStore,
  type DenoKvLogStoreOptions,
  openDenoKvLogStore,
} from "./deno_kv_log_store.ts";
