/** The messages of etcd's KV service. */

export * from "./compaction.ts";
export * from "./compare.ts";
export * from "./delete_range.ts";
export * from "./key_value.ts";
export * from "./put.ts";
export * from "./range.ts";
export * from "./txn.ts";
