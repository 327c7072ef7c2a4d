import { EMPTY_BYTES } from "../base/bytes.ts";
import { KeyTable } from "./key_table.ts";
import { KeyTree, type TreeCursor } from "./key_tree.ts";
import { NO_LEASE } from "./key_value.ts";
import { RevisionLog } from "./revision_log.ts";
import { DamagedSnapshotError, type Segment } from "./segment.ts";
import { decodeHeader, type Header } from "./snapshot.ts";

/** A key that hangs on a lease. */
export interface LeasedKey {
  readonly key: Uint8Array;
  readonly lease: bigint;
}

/** Keys that one step looks at: some milliseconds' work, like a segment. */
const KEYS_PER_STEP = 2_048;

/** The parts of a store in the making, from a snapshot, beside the store that still serves. */
export class RestorePass {
  /** What the snapshot's header says. */
  readonly header: Header;
  /** The records. */
  readonly log: RevisionLog;
  /** The keys and where their newest records are. */
  readonly table: KeyTable;
  /** The keys in order. */
  readonly tree: KeyTree;
  /** The keys that hang on a lease, in their order, when all is done. */
  readonly leased: LeasedKey[] = [];
  #anyLeased = false;
  #cursor: TreeCursor | null = null;
  readonly #segments: readonly Uint8Array[];
  #segmentsDone = 0;
  #keysDone = 0;

  /** @throws {DamagedSnapshotError} When the header is not intact, or not that of the segments. */
  constructor(
    header: Uint8Array,
    segments: readonly Uint8Array[],
    options: { readonly hashSeed: number; readonly segmentBytes: number | undefined },
  ) {
    this.header = decodeHeader(header);
    const { ids } = this.header;
    if (ids.length !== segments.length) {
      throw new DamagedSnapshotError("header", `${ids.length} segments, ${segments.length} given`);
    }
    this.#segments = segments;
    this.log = new RevisionLog(options.segmentBytes);
    this.table = new KeyTable(this.log, options.hashSeed);
    this.tree = new KeyTree(this.table);
  }

  /**
   * Takes in one more segment or, after the last one, puts some more keys in order, or, after those,
   * looks which hang on a lease. Tells whether all is done.
   *
   * @throws {DamagedSnapshotError} When a segment is not intact.
   */
  step(): boolean {
    if (this.#segmentsDone < this.#segments.length) {
      this.#takeSegment(this.#segmentsDone++);
      return false;
    }
    const { table, tree } = this;
    if (this.#keysDone === table.size) return this.#findLeased();
    const end = Math.min(table.size, this.#keysDone + KEYS_PER_STEP);
    for (let entry = this.#keysDone; entry < end; entry++) tree.insert(table.key(entry), entry);
    this.#keysDone = end;
    return false;
  }

  #findLeased(): boolean {
    if (!this.#anyLeased) return true;
    const { table } = this;
    this.#cursor ??= this.tree.range({ start: EMPTY_BYTES, end: null });
    for (let keys = 0; keys < KEYS_PER_STEP; keys++) {
      const entry = this.#cursor.next();
      if (entry < 0) return true;
      if (table.alive(entry) === 0) continue;
      const [segment, offset] = [table.segment(entry), table.offset(entry)];
      const lease = segment.lease(offset);
      if (lease !== NO_LEASE) this.leased.push({ key: segment.key(offset), lease });
    }
    return false;
  }

  #takeSegment(ordinal: number): void {
    const { ids, tailIsEmpty } = this.header;
    const isLast = ordinal === ids.length - 1;
    const segment = this.log.adopt(ids[ordinal], this.#segments[ordinal], isLast && !tailIsEmpty);
    for (let i = 0; i < segment.count; i++) this.#enter(segment, segment.offsetAt(i));
    if (isLast && tailIsEmpty) this.log.sealTail();
  }

  #enter(segment: Segment, offset: number): void {
    const { table } = this;
    const tombstone = segment.isTombstone(offset);
    const main = segment.main(offset);
    if (tombstone) segment.becomesGarbage(main + 1);
    if (segment.lease(offset) !== NO_LEASE) this.#anyLeased = true;
    let entry = table.findRecord(segment, offset);
    if (entry < 0) entry = table.insert(segment.key(offset));
    else table.foundSegment.becomesGarbage(main);
    table.set(entry, segment, offset, !tombstone);
  }
}
