/**
 * The log of a replica in IndexedDB, in a browser.
 *
 * @module
 */
export * from "../seam.ts";
export { indexedDbLogStore } from "./indexeddb_log_store.ts";
