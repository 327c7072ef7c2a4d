import { assert } from "../base/assert.ts";
import { type ScrubState, scrubStep } from "./compaction.ts";
import { hashKv, HashPass, type KvHash } from "./hash_kv.ts";
import { KeyTable } from "./key_table.ts";
import { KeyTree } from "./key_tree.ts";
import { type KeyValue, type MvccReason, NO_LEASE } from "./key_value.ts";
import { noOperations, type OperationCounts } from "./operation_counts.ts";
import { executeRange } from "./range_query.ts";
import { RecordKeyValue } from "./record_key_value.ts";
import type { RangeRequest, RangeResult } from "./requests.ts";
import { type LeasedKey, RestorePass } from "./restore_pass.ts";
import { type RecordDraft, RevisionLog } from "./revision_log.ts";
import { encodeHeader, type Snapshot } from "./snapshot.ts";
import type { LeaseAttachments, WritableStore } from "./store_view.ts";
import { WriteTxn } from "./write_txn.ts";

/** The first revision of a store; its first write makes revision 2. */
const FIRST_REVISION = 1;
/** The compact revision of a store that was never compacted. */
const NEVER_COMPACTED = -1;

/** Told of what watchers want to know. */
export interface StoreListener {
  /** A command has made this revision; its records are the last of the log, this many. */
  onCommit(revision: number, changes: number): void;
  /** The whole store has been replaced by a snapshot; the revision was this before. */
  onRestore(revisionBefore: number): void;
}

/** How a store is made. */
export interface MvccOptions {
  /** Starts the hash of keys in memory; give a random number where strangers choose keys. */
  readonly hashSeed?: number;
  /** The size of a segment of the revision log. */
  readonly segmentBytes?: number;
}

const NO_ATTACHMENTS: LeaseAttachments = { attach() {}, detach() {} };

/**
 * The multi-version key-value store of etcd: every write makes a revision, and every revision since
 * the last compaction can be read. It is synchronous and deterministic: equal commands give equal
 * answers and equal bytes.
 */
export class MvccStore implements WritableStore {
  /** Hears of keys that come onto leases and leave them. */
  leases: LeaseAttachments = NO_ATTACHMENTS;
  /** Hears of commits; the watch hub sets it. */
  listener: StoreListener | null = null;

  /** What it has done, which is no part of its state. */
  readonly counts: OperationCounts = noOperations();

  readonly #options: MvccOptions;
  #log: RevisionLog;
  #table: KeyTable;
  #tree: KeyTree;
  #revision = FIRST_REVISION;
  #visibleRevision = FIRST_REVISION;
  #compactRevision = NEVER_COMPACTED;
  /** Where the removal of superfluous records is, or null when there is none to remove. */
  #scrub: ScrubState | null = null;
  #txnOpen = false;
  readonly #draft: RecordDraft = {
    main: 0,
    sub: 0,
    tombstone: false,
    createRevision: 0,
    version: 0,
    lease: NO_LEASE,
    prevMain: 0,
    prevSub: 0,
    jumpMain: 0,
    jumpSub: 0,
    depth: 0,
  };

  constructor(options: MvccOptions = {}) {
    this.#options = options;
    this.#log = new RevisionLog(options.segmentBytes);
    this.#table = new KeyTable(this.#log, this.hashSeed);
    this.#tree = new KeyTree(this.#table);
  }

  /** The revision of the last command that changed something. */
  get revision(): number {
    return this.#revision;
  }

  /** Reads before this revision fail; -1 before the first compaction. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** How many keys are alive. */
  get keyCount(): number {
    return this.#tree.aliveCount;
  }

  /** Bytes of the records that are kept. */
  get bytesInUse(): number {
    return this.#log.bytesInUse;
  }

  /** Bytes reserved for records. */
  get bytesTotal(): number {
    return this.#log.bytesTotal;
  }

  /** The key as it is now, or null. */
  get(key: Uint8Array): KeyValue | null {
    const table = this.#table;
    if (table.find(key) < 0 || !table.foundAlive) return null;
    return new RecordKeyValue(table.foundSegment, table.foundOffset);
  }

  /** Reads a key or an interval at one revision. */
  range(request: RangeRequest): RangeResult | MvccReason {
    this.counts.ranges++;
    return executeRange(this, request);
  }

  /** Begins the writes of one command. Exactly one may be open. */
  begin(): WriteTxn {
    assert(!this.#txnOpen, "A transaction must end before the next begins");
    this.#txnOpen = true;
    return new WriteTxn(this, this.#draft);
  }

  /**
   * Gives up the history before `revision`: at once for reads, while `compactStep` takes the records
   * out. Reads at `revision` and after answer as before.
   */
  compact(revision: number): MvccReason | null {
    if (revision <= this.#compactRevision) return "compacted";
    if (revision > this.#revision) return "future revision";
    this.#compactRevision = revision;
    // Why: what still grows cannot be rewritten, and in a small store that would be everything.
    this.#log.sealTail();
    this.#scrub = { endMain: this.#revision + 1, endSub: 0, done: 0 };
    return null;
  }

  /** Whether compaction still has records to take out. */
  get compacting(): boolean {
    return this.#scrub !== null;
  }

  /**
   * Takes out superfluous records of about `budgetBytes` of segments, at least one. Tells whether
   * nothing is left to do. Equal steps between equal commands give equal segments.
   */
  compactStep(budgetBytes: number): boolean {
    assert(!this.#txnOpen, "A compaction step must not run within a transaction");
    if (this.#scrub === null) return true;
    const [log, table, tree] = [this.#log, this.#table, this.#tree];
    if (scrubStep(log, table, tree, this.#compactRevision, this.#scrub, budgetBytes)) {
      this.#scrub = null;
    }
    return this.#scrub === null;
  }

  /**
   * Passes over this many revisions, as if they had changed nothing. A store that begins anew from a
   * copy so avoids those that clients may have seen after the copy was made.
   */
  skipRevisions(count: number): void {
    assert(!this.#txnOpen, "Revisions must not be passed over within a transaction");
    assert(Number.isSafeInteger(this.#revision + count), "Revisions are safe integers");
    this.#revision += count;
    this.#visibleRevision = this.#revision;
  }

  /**
   * The store as a header and the segments of its log. Segments that were sealed are shared, not
   * copied; nobody may change their bytes. Equal ids mean equal bytes, so a receiver fetches only
   * those that it lacks.
   */
  snapshot(): Snapshot {
    assert(!this.#txnOpen, "A snapshot must not be taken within a transaction");
    const segments = this.#log.segments.filter((segment) => segment.count > 0).map((segment) => {
      const used = segment.bytes.subarray(0, segment.length);
      return { id: segment.id, bytes: segment.sealed ? used : used.slice() };
    });
    const ids = segments.map(({ id }) => id);
    const header = encodeHeader({
      revision: this.#revision,
      compactRevision: this.#compactRevision,
      scrub: this.#scrub,
      tailIsEmpty: this.#log.tail.count === 0,
      ids,
    });
    return { header, segments };
  }

  /**
   * Replaces everything by a snapshot. The bytes of the segments become the store's own. Gives the
   * keys whose attachments to leases must be made again.
   *
   * @throws {DamagedSnapshotError} When the snapshot is not intact; the store is then as it was.
   */
  restore(header: Uint8Array, segments: readonly Uint8Array[]): readonly LeasedKey[] {
    const pass = this.beginRestore(header, segments);
    while (!pass.step());
    this.endRestore(pass);
    return pass.leased;
  }

  /** Begins a restore in steps, between which the store is as it was. */
  beginRestore(header: Uint8Array, segments: readonly Uint8Array[]): RestorePass {
    const { segmentBytes } = this.#options;
    return new RestorePass(header, segments, { hashSeed: this.hashSeed, segmentBytes });
  }

  /** Replaces everything by what a pass has made, whose last step is done. */
  endRestore({ header, log, table, tree }: RestorePass): void {
    assert(!this.#txnOpen, "A snapshot must not be restored within a transaction");
    const revisionBefore = this.#revision;
    this.#log = log;
    this.#table = table;
    this.#tree = tree;
    this.#revision = this.#visibleRevision = header.revision;
    this.#compactRevision = header.compactRevision;
    this.#scrub = header.scrub;
    this.listener?.onRestore(revisionBefore);
  }

  /** The hash of the history up to a revision (0 for the newest), as etcd's HashKV defines it. */
  hashKv(revision: number): KvHash | MvccReason {
    return hashKv(this, revision);
  }

  /** The same hash in steps, between which the store may change. */
  beginHash(revision: number): HashPass {
    return new HashPass(this, revision);
  }

  // What follows is for the other files of this folder.

  /** What hashes of keys in memory start with. */
  get hashSeed(): number {
    return this.#options.hashSeed ?? 0;
  }

  /** The records. */
  get log(): RevisionLog {
    return this.#log;
  }

  /** The keys and where their newest records are. */
  get table(): KeyTable {
    return this.#table;
  }

  /** The keys in order. */
  get tree(): KeyTree {
    return this.#tree;
  }

  /** The revision that reads see: within a command that has written, the one that it is making. */
  get visibleRevision(): number {
    return this.#visibleRevision;
  }

  /** Lets reads see the revision that the open command is making. */
  setVisible(revision: number): void {
    this.#visibleRevision = revision;
  }

  /** Makes the open command's changes, this many, the newest revision. */
  endTxn(changes: number): void {
    this.#txnOpen = false;
    if (changes === 0) return;
    this.#revision++;
    this.listener?.onCommit(this.#revision, changes);
  }

  /**
   * Whether an entry's key is alive at a revision that is not compacted. The log's `segment` and
   * `offset` then say where its record is.
   */
  locate(entry: number, revision: number): boolean {
    const table = this.#table;
    const log = this.#log;
    if (revision === this.#visibleRevision) {
      if (table.alive(entry) === 0) return false;
      log.segment = table.segment(entry);
      log.offset = table.offset(entry);
      return true;
    }
    return log.seek(table.segment(entry), table.offset(entry), revision) &&
      !log.segment.isTombstone(log.offset);
  }
}
