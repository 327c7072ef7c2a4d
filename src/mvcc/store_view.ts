import type { KeyTable } from "./key_table.ts";
import type { KeyTree } from "./key_tree.ts";
import type { KeyValue, MvccReason } from "./key_value.ts";
import type { OperationCounts } from "./operation_counts.ts";
import type { RangeRequest, RangeResult } from "./requests.ts";
import type { RevisionLog } from "./revision_log.ts";

/** The store as those parts see it that read it. */
export interface StoreView {
  /** The revision of the last command that changed something. */
  readonly revision: number;
  /** Reads before this revision fail; -1 before the first compaction. */
  readonly compactRevision: number;
  /** The revision that reads see: within a command that has written, the one that it is making. */
  readonly visibleRevision: number;
  /** The records. */
  readonly log: RevisionLog;
  /** The keys and where their newest records are. */
  readonly table: KeyTable;
  /** The keys in order. */
  readonly tree: KeyTree;
  /**
   * Whether an entry's key is alive at a revision that is not compacted. The log's `segment` and
   * `offset` then say where its record is.
   */
  locate(entry: number, revision: number): boolean;
}

/** Told when a key comes onto a lease or leaves it. The key is a view that stays as it is. */
export interface LeaseAttachments {
  attach(lease: bigint, key: Uint8Array): void;
  detach(lease: bigint, key: Uint8Array): void;
}

/** The store as the transaction sees it that writes to it. */
export interface WritableStore extends StoreView {
  readonly leases: LeaseAttachments;
  readonly counts: OperationCounts;
  get(key: Uint8Array): KeyValue | null;
  range(request: RangeRequest): RangeResult | MvccReason;
  /** Lets reads see the revision that the open command is making. */
  setVisible(revision: number): void;
  /** Makes the open command's changes, this many, the newest revision. */
  endTxn(changes: number): void;
}
