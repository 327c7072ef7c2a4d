import { assert } from "../base/assert.ts";
import { SEGMENT_BYTES, SEGMENT_RECORDS_MAX } from "../base/limits.ts";
import { NO_LEASE } from "./key_value.ts";
import * as at from "./record.ts";
import { DamagedSnapshotError, Segment } from "./segment.ts";

/** The fields of a record to be appended, besides key and value. One object serves all appends. */
export interface RecordDraft {
  main: number;
  sub: number;
  tombstone: boolean;
  createRevision: number;
  version: number;
  lease: bigint;
  prevMain: number;
  prevSub: number;
  jumpMain: number;
  jumpSub: number;
  depth: number;
}

/** What a growing segment reserves at first. */
const CAPACITY_BYTES_MIN = 4096;

/**
 * All records of the store in ascending order of revision (main, sub), in segments. The last segment
 * grows, the others are sealed; compaction replaces sealed segments by smaller ones.
 */
export class RevisionLog {
  readonly segmentBytes: number;
  /** Bytes of all records. */
  bytesInUse = 0;
  /** Where the last append, `find` or `seek` ended: a segment and an offset in it. */
  segment: Segment;
  offset = 0;
  #order: Segment[] = [];
  #slots: (Segment | undefined)[] = [];
  #freeSlots: number[] = [];

  constructor(segmentBytes: number = SEGMENT_BYTES) {
    this.segmentBytes = segmentBytes;
    this.segment = this.#add();
  }

  /** All segments, the oldest first; the last one is the one that grows. */
  get segments(): readonly Segment[] {
    return this.#order;
  }

  /** The segment that grows. */
  get tail(): Segment {
    return this.#order[this.#order.length - 1];
  }

  /** Bytes reserved for records. */
  get bytesTotal(): number {
    return this.#order.reduce((sum, segment) => sum + segment.bytes.length, 0);
  }

  /** The segment that an address names. */
  slot(slot: number): Segment {
    const segment = this.#slots[slot];
    assert(segment !== undefined, "An address must name a live segment");
    return segment;
  }

  /** A segment that has an address and is not yet part of the log. */
  newSegment(capacityBytes: number): Segment {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const segment = new Segment(slot, capacityBytes);
    this.#slots[slot] = segment;
    return segment;
  }

  #add(): Segment {
    // A small store begins with small segments; a large one does not copy them while they grow.
    let capacity = Math.max(CAPACITY_BYTES_MIN, Math.floor(this.bytesInUse / 8));
    const last = this.#order.at(-1);
    // Small records fill a segment by their number; the next one will hardly be longer.
    if (last?.count === SEGMENT_RECORDS_MAX) capacity = Math.min(capacity, last.length * 9 / 8);
    const segment = this.newSegment(Math.min(Math.floor(capacity), this.segmentBytes));
    if (last !== undefined) last.next = segment;
    this.#order.push(segment);
    return segment;
  }

  /** Ends the segment that grows, so that it can be rewritten; the next record begins another. */
  sealTail(): void {
    const { tail } = this;
    if (tail.count === 0) return;
    tail.seal();
    this.#add();
  }

  /**
   * Room for a record after all others, in the growing segment or a fresh one; a record larger than
   * a segment gets one of its own. `segment` and `offset` say where.
   */
  allocate(byteCount: number, main: number): void {
    let tail = this.tail;
    const isFull = tail.length + byteCount > this.segmentBytes || tail.count >= SEGMENT_RECORDS_MAX;
    if (isFull && tail.count > 0) {
      tail.seal();
      tail = this.#add();
    }
    this.offset = tail.allocate(byteCount, main, this.segmentBytes);
    this.segment = tail;
    this.bytesInUse += byteCount;
  }

  /** Appends a record. `segment` and `offset` say where it is. */
  append(draft: RecordDraft, key: Uint8Array, value: Uint8Array): void {
    const leaseBytes = draft.lease === NO_LEASE ? 0 : at.LEASE_BYTES;
    const byteCount = at.RECORD_HEADER_BYTES + key.length + value.length + leaseBytes;
    this.allocate(byteCount, draft.main);
    const { view, bytes } = this.segment;
    const offset = this.offset;
    const flags = (draft.tombstone ? at.TOMBSTONE_BIT : 0) | (leaseBytes > 0 ? at.LEASE_BIT : 0);
    view.setUint32(offset + at.AT_KEY_BYTES, key.length | flags, true);
    view.setUint32(offset + at.AT_VALUE_BYTES, value.length, true);
    view.setFloat64(offset + at.AT_MAIN, draft.main, true);
    view.setFloat64(offset + at.AT_CREATE, draft.createRevision, true);
    view.setFloat64(offset + at.AT_VERSION, draft.version, true);
    view.setFloat64(offset + at.AT_PREV_MAIN, draft.prevMain, true);
    view.setFloat64(offset + at.AT_JUMP_MAIN, draft.jumpMain, true);
    view.setUint32(offset + at.AT_SUB, draft.sub, true);
    view.setUint32(offset + at.AT_PREV_SUB, draft.prevSub, true);
    view.setUint32(offset + at.AT_JUMP_SUB, draft.jumpSub, true);
    view.setUint32(offset + at.AT_DEPTH, draft.depth, true);
    const keyStart = offset + at.RECORD_HEADER_BYTES;
    bytes.set(key, keyStart);
    if (value.length > 0) bytes.set(value, keyStart + key.length);
    if (leaseBytes > 0) view.setBigInt64(keyStart + key.length + value.length, draft.lease, true);
  }

  /**
   * Links a draft to the record before it of the same key. Links depend on the history and the
   * compact revision alone, never on how far the scrub is, so that all replicas write equal bytes.
   */
  link(draft: RecordDraft, segment: Segment, offset: number, compactRevision: number): void {
    const view = segment.view;
    draft.prevMain = draft.jumpMain = segment.main(offset);
    draft.prevSub = draft.jumpSub = segment.sub(offset);
    // What lies below a record at or before the compact revision is out of reach: the chain begins
    // anew with that record as its first.
    const rooted = draft.prevMain <= compactRevision;
    const prevDepth = rooted ? 0 : view.getUint32(offset + at.AT_DEPTH, true);
    draft.depth = prevDepth + 1;
    const length = at.jumpLength(draft.depth);
    if (length === 1) return;
    // The ancestor is the jump of the previous record's jump.
    const jumpMain = view.getFloat64(offset + at.AT_JUMP_MAIN, true);
    draft.jumpMain = draft.jumpSub = 0;
    if (jumpMain <= compactRevision) return;
    if (!this.find(jumpMain, view.getUint32(offset + at.AT_JUMP_SUB, true))) return;
    draft.jumpMain = this.segment.view.getFloat64(this.offset + at.AT_JUMP_MAIN, true);
    draft.jumpSub = this.segment.view.getUint32(this.offset + at.AT_JUMP_SUB, true);
  }

  /** The place in `segments` of the last segment that begins at or before a revision, or -1. */
  ordinalOf(main: number, sub: number): number {
    const order = this.#order;
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const segment = order[middle];
      const begins = segment.count > 0 && (segment.firstMain < main ||
        (segment.firstMain === main && segment.firstSub <= sub));
      if (begins) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Whether there is a record with exactly this revision; `segment` and `offset` say where. */
  find(main: number, sub: number): boolean {
    const ordinal = this.ordinalOf(main, sub);
    if (ordinal < 0) return false;
    const segment = this.#order[ordinal];
    const offset = segment.find(main, sub);
    if (offset < 0) return false;
    this.segment = segment;
    this.offset = offset;
    return true;
  }

  /**
   * Whether the key of a record has a record, tombstones too, at or before `revision`, going back
   * from the given one; `segment` and `offset` say where the newest such is.
   *
   * Invariant: every record after the compact revision exists, and jumps are taken only while they
   * stay after `revision`, so only the last step may meet a record that compaction has dropped.
   */
  seek(segment: Segment, offset: number, revision: number): boolean {
    for (;;) {
      if (segment.main(offset) <= revision) {
        this.segment = segment;
        this.offset = offset;
        return true;
      }
      const view = segment.view;
      const jumpMain = view.getFloat64(offset + at.AT_JUMP_MAIN, true);
      const jumps = jumpMain > revision;
      const main = jumps ? jumpMain : view.getFloat64(offset + at.AT_PREV_MAIN, true);
      if (main === 0) return false;
      const sub = view.getUint32(offset + (jumps ? at.AT_JUMP_SUB : at.AT_PREV_SUB), true);
      if (!this.find(main, sub)) return false;
      segment = this.segment;
      offset = this.offset;
    }
  }

  /** A reader that stands before the first record at or after a main revision. */
  readFrom(main: number): RevisionReader {
    const ordinal = Math.max(0, this.ordinalOf(main, 0));
    const segment = this.#order[ordinal];
    return new RevisionReader(segment, segment.ordinalFrom(main, 0));
  }

  /**
   * Adds a segment from a snapshot behind the others, to a log that nothing was ever appended to. The
   * bytes become the segment's own, unless it is to grow.
   *
   * @throws {DamagedSnapshotError} When the bytes are not what the id says.
   */
  adopt(id: string, bytes: Uint8Array, grows: boolean): Segment {
    if (this.tail.count === 0) this.#order.length = this.#slots.length = 0;
    const slot = this.#slots.length;
    const segment = Segment.adopt(slot, grows ? bytes.slice() : bytes, id);
    const last = this.#order.at(-1);
    if (last !== undefined) {
      if (last.lastMain > segment.firstMain) throw new DamagedSnapshotError(id, "out of order");
      last.next = segment;
    }
    if (!grows) segment.seal(id);
    this.#slots.push(segment);
    this.#order.push(segment);
    this.bytesInUse += segment.length;
    this.segment = segment;
    return segment;
  }

  /** Puts `replacement`, or nothing, in the place of `count` sealed segments. */
  replace(ordinal: number, count: number, replacement: Segment | null): void {
    const inserted = replacement === null ? [] : [replacement];
    const removed = this.#order.splice(ordinal, count, ...inserted);
    for (const segment of removed) {
      assert(segment.sealed, "Only sealed segments can be replaced");
      this.#slots[segment.slot] = undefined;
      this.#freeSlots.push(segment.slot);
      this.bytesInUse -= segment.length;
    }
    if (replacement !== null) {
      this.bytesInUse += replacement.length;
      replacement.next = this.#order[ordinal + 1] ?? null;
    }
    if (ordinal > 0) this.#order[ordinal - 1].next = this.#order[ordinal];
  }
}

/** Reads records in order of revision, across segments, until the end of the log as it is now. */
export class RevisionReader {
  segment: Segment;
  /** Where the record that `next` went to begins in `segment`. */
  offset = 0;
  #ordinal: number;

  constructor(segment: Segment, ordinal: number) {
    this.segment = segment;
    this.#ordinal = ordinal;
  }

  /** Goes to the next record; false at the end. More may be there after a later append. */
  next(): boolean {
    while (this.#ordinal >= this.segment.count) {
      if (this.segment.next === null) return false;
      this.segment = this.segment.next;
      this.#ordinal = 0;
    }
    this.offset = this.segment.offsetAt(this.#ordinal++);
    return true;
  }
}
