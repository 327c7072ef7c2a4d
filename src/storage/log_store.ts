import type { Entry } from "../raft/entry.ts";
import type { HardState } from "../raft/hard_state.ts";
import type { Segment, SnapshotManifest } from "../raft/snapshot.ts";

/** What one durable step of the log holds. All of it survives, or none. */
export interface LogBatch {
  /** The new hard state, if it changed. */
  readonly hardState: HardState | null;
  /** Consecutive entries; they replace whatever the log holds from the first one's index on. */
  readonly entries: readonly Entry[];
}

/** A snapshot that the storage holds. */
export interface StoredSnapshot {
  /** What it consists of. */
  readonly manifest: SnapshotManifest;
  /** Reads one segment of the manifest; its checksum has been verified. */
  readSegment(id: string): Promise<Uint8Array>;
}

/** What survived, as {@linkcode LogStore.open} found it. */
export interface RecoveredLog {
  /** How often this storage has been opened, this time included; durable before `open` resolves. */
  readonly epoch: number;
  /** What {@linkcode LogStore.saveIdentity} last wrote, or null for a storage never used. */
  readonly identity: Uint8Array | null;
  /** The last hard state that became durable. */
  readonly hardState: HardState;
  /** The newest snapshot, or null. */
  readonly snapshot: StoredSnapshot | null;
  /**
   * The entries after the snapshot and those kept before it, consecutive. Invariant: if there is a
   * snapshot and entries, they reach from at most `snapshot.index + 1` to at least `snapshot.index`,
   * and the entry at that index has the snapshot's term; entries that contradict the snapshot (an
   * installation was cut short before the log was replaced) have been dropped.
   */
  readonly entries: readonly Entry[];
  /** What recovery had to do, for the log: a torn tail cut off, leftovers removed. */
  readonly notes: readonly string[];
}

/**
 * Durable storage of one replica: the seam that every adapter fills.
 *
 * - `open` is called first and once. It refuses storage that another live process holds
 *   (`StorageLockedError`), that is damaged before its tail (`StorageDamagedError`), or that a newer
 *   version wrote (`StorageVersionError`), and leaves it as it was.
 * - A promise that resolves means: this survives a power loss.
 * - A write that fails poisons the storage: every later call rejects with `StorageFailedError`, and
 *   nothing is retried as if nothing had happened. What survives is known at the next `open`.
 * - One `append` is under way at a time, and one of `saveSnapshot` and `compact`; the two kinds may
 *   run beside each other.
 */
export interface LogStore {
  /** Locks the storage and answers what survived. */
  open(): Promise<RecoveredLog>;
  /** Makes a batch durable. */
  append(batch: LogBatch): Promise<void>;
  /** Makes the replica's identity durable: written once at bootstrap, before anything else. */
  saveIdentity(identity: Uint8Array): Promise<void>;
  /**
   * Makes a snapshot durable and the newest. Segments that the storage already holds under the same
   * id are not written again; those that no longer belong to the newest snapshot are removed
   * afterwards. Until it resolves the previous snapshot stays whole.
   */
  saveSnapshot(
    manifest: SnapshotManifest,
    segments: Iterable<Segment> | AsyncIterable<Segment>,
  ): Promise<void>;
  /**
   * Forgets entries up to and including `throughIndex`, which the newest snapshot covers. Some of them
   * may be there again at the next `open`.
   */
  compact(throughIndex: number): Promise<void>;
  /** Bytes that the storage occupies, as far as it knows. */
  byteLength(): number;
  /**
   * Waits for the step that is under way, releases the lock and everything held. A snapshot that is
   * being saved stops between two steps and rejects; the previous one stays. Idempotent.
   */
  close(): Promise<void>;
}
