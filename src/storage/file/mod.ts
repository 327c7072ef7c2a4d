/**
 * The log of a replica in files.
 *
 * @module
 */
export * from "../seam.ts";
export { fileLogStore, type FileLogStoreOptions } from "./file_log_store.ts";
