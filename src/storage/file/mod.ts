/**
 * The log of a replica in files.
 *
 * @module
 */
export type { MemberId } from "../../base/ids.ts";
export type { Configuration } from "../../raft/configuration.ts";
export type { Entry, EntryKind } from "../../raft/entry.ts";
export type { HardState } from "../../raft/hard_state.ts";
export type { Segment, SegmentRef, SnapshotManifest, SnapshotMeta } from "../../raft/snapshot.ts";
export type { LogBatch, LogStore, RecoveredLog, StoredSnapshot } from "../log_store.ts";
export {
  StorageDamagedError,
  StorageError,
  StorageFailedError,
  StorageLockedError,
  StorageVersionError,
} from "../errors.ts";
export { fileLogStore, type FileLogStoreOptions } from "./file_log_store.ts";
