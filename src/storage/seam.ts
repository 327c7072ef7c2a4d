/** What every storage's entry point lends besides its own: the seam and what can go wrong. */
export type { MemberId } from "../base/ids.ts";
export type { Configuration } from "../raft/configuration.ts";
export type { Entry, EntryKind } from "../raft/entry.ts";
export type { HardState } from "../raft/hard_state.ts";
export type { Segment, SegmentRef, SnapshotManifest, SnapshotMeta } from "../raft/snapshot.ts";
export {
  StorageDamagedError,
  StorageError,
  StorageFailedError,
  StorageLockedError,
  StorageVersionError,
} from "./errors.ts";
export type { LogBatch, LogStore, RecoveredLog, StoredSnapshot } from "./log_store.ts";
