import { assert } from "../base/assert.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import { contentSums } from "./content_sums.ts";
import { NO_LEASE } from "./key_value.ts";
import * as at from "./record.ts";

const DIRECTORY_MIN = 16;

/** Thrown when a snapshot does not hold what it should. The store is left as it was. */
export class DamagedSnapshotError extends Error {
  override name = "DamagedSnapshotError";
  /** The id of the damaged segment, or "header". */
  readonly part: string;

  constructor(part: string, what: string) {
    super(`Cannot restore the snapshot: its part ${part} is damaged (${what}); fetch it again`);
    this.part = part;
  }
}

/**
 * A run of records in ascending order of revision, in one buffer of bytes, with a directory from
 * revision to offset. The last segment of a log grows; a sealed one never changes, so views into it
 * may be handed out and snapshots may share it.
 *
 * Invariant: bytes below `length` never change, not even while the segment grows.
 */
export class Segment {
  /** The segment's number in its log; addresses name it. */
  readonly slot: number;
  bytes: Uint8Array;
  view: DataView;
  /** Bytes in use. */
  length = 0;
  /** Records in use. */
  count = 0;
  /** The segment that follows in the log. */
  next: Segment | null = null;
  /**
   * The least compact revision at which some record here becomes superfluous. It may be too low,
   * never too high, so a scrub passes over segments that have nothing to give.
   */
  garbageFrom: number = Infinity;
  #mains: Float64Array = new Float64Array(DIRECTORY_MIN);
  #offsets: Uint32Array = new Uint32Array(DIRECTORY_MIN);
  #id = "";

  constructor(slot: number, capacityBytes: number) {
    this.slot = slot;
    this.bytes = new Uint8Array(capacityBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * A segment of bytes that a snapshot brought. The bytes become the segment's own.
   *
   * @throws {DamagedSnapshotError} When they are not the records that the id names.
   */
  static adopt(slot: number, bytes: Uint8Array, id: string): Segment {
    if (bytes.length === 0 || !id.endsWith(`-${contentName(bytes)}`)) {
      throw new DamagedSnapshotError(id, "other bytes than its name says");
    }
    const segment = new Segment(slot, 0);
    segment.bytes = bytes;
    segment.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let main = 0;
    let sub = 0;
    for (let offset = 0; offset < bytes.length; offset = segment.length) {
      const whole = offset + at.RECORD_HEADER_BYTES <= bytes.length;
      const end = whole ? offset + segment.recordBytes(offset) : Infinity;
      if (!(end <= bytes.length)) throw new DamagedSnapshotError(id, `cut off at ${offset}`);
      const nextMain = segment.main(offset);
      const nextSub = segment.sub(offset);
      if (
        !Number.isSafeInteger(nextMain) || nextMain < main || (nextMain === main && nextSub <= sub)
      ) throw new DamagedSnapshotError(id, `revisions out of order at ${offset}`);
      main = nextMain;
      sub = nextSub;
      segment.#enter(main, offset);
      segment.length = end;
    }
    if (!id.startsWith(`${segment.firstMain}.${segment.firstSub}-`)) {
      throw new DamagedSnapshotError(id, "other revisions than its name says");
    }
    return segment;
  }

  /** Makes room for a record at the end and enters it into the directory. Gives its offset. */
  allocate(byteCount: number, main: number, capacityBytesMax: number): number {
    assert(this.#id === "", "A sealed segment cannot take another record");
    const offset = this.length;
    if (offset + byteCount > this.bytes.length) this.#grow(offset + byteCount, capacityBytesMax);
    this.#enter(main, offset);
    this.length = offset + byteCount;
    return offset;
  }

  #grow(neededBytes: number, capacityBytesMax: number): void {
    let capacity = this.bytes.length * 2;
    while (capacity < neededBytes) capacity *= 2;
    if (capacity > capacityBytesMax) capacity = Math.max(capacityBytesMax, neededBytes);
    this.#reallocate(capacity);
  }

  #reallocate(capacityBytes: number): void {
    const bytes = new Uint8Array(capacityBytes);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  #enter(main: number, offset: number): void {
    if (this.count === this.#mains.length) {
      const mains = new Float64Array(this.count * 2);
      mains.set(this.#mains);
      this.#mains = mains;
      const offsets = new Uint32Array(this.count * 2);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
    }
    this.#mains[this.count] = main;
    this.#offsets[this.count++] = offset;
  }

  /** Ends growth and gives back what was reserved and not used. The id is computed if not known. */
  seal(id = ""): void {
    if (this.bytes.length - this.length > this.length / 8) this.#reallocate(this.length);
    this.#mains = this.#mains.slice(0, this.count);
    this.#offsets = this.#offsets.slice(0, this.count);
    this.#id = id === "" ? this.id : id;
  }

  /** Notes that one of the records can go once the store is compacted at `revision`. */
  becomesGarbage(revision: number): void {
    if (revision < this.garbageFrom) this.garbageFrom = revision;
  }

  /** Whether the segment will never change again. */
  get sealed(): boolean {
    return this.#id !== "";
  }

  /** What the bytes are called in a snapshot: equal names mean equal bytes. */
  get id(): string {
    if (this.#id !== "") return this.#id;
    const name = contentName(this.bytes.subarray(0, this.length));
    return `${this.firstMain}.${this.firstSub}-${name}`;
  }

  /** The main revision of the first record. */
  get firstMain(): number {
    return this.#mains[0];
  }

  /** The sub-revision of the first record. */
  get firstSub(): number {
    return this.sub(this.#offsets[0]);
  }

  /** The main revision of the last record. */
  get lastMain(): number {
    return this.#mains[this.count - 1];
  }

  /** The offset of the record with this ordinal. */
  offsetAt(ordinal: number): number {
    return this.#offsets[ordinal];
  }

  /** The ordinal of the first record at or after a revision; `count` when all are before it. */
  ordinalFrom(main: number, sub: number): number {
    const mains = this.#mains;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const here = mains[middle];
      if (here < main || (here === main && this.sub(this.#offsets[middle]) < sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The offset of the record with exactly this revision, or -1. */
  find(main: number, sub: number): number {
    const ordinal = this.ordinalFrom(main, sub);
    if (ordinal === this.count || this.#mains[ordinal] !== main) return -1;
    const offset = this.#offsets[ordinal];
    return this.sub(offset) === sub ? offset : -1;
  }

  main(offset: number): number {
    return this.view.getFloat64(offset + at.AT_MAIN, true);
  }

  sub(offset: number): number {
    return this.view.getUint32(offset + at.AT_SUB, true);
  }

  isTombstone(offset: number): boolean {
    return (this.view.getUint32(offset, true) & at.TOMBSTONE_BIT) !== 0;
  }

  createRevision(offset: number): number {
    return this.view.getFloat64(offset + at.AT_CREATE, true);
  }

  version(offset: number): number {
    return this.view.getFloat64(offset + at.AT_VERSION, true);
  }

  keyBytes(offset: number): number {
    return this.view.getUint32(offset, true) & at.KEY_BYTES_MASK;
  }

  valueBytes(offset: number): number {
    return this.view.getUint32(offset + at.AT_VALUE_BYTES, true);
  }

  recordBytes(offset: number): number {
    return at.recordBytes(this.view, offset);
  }

  lease(offset: number): bigint {
    if ((this.view.getUint32(offset, true) & at.LEASE_BIT) === 0) return NO_LEASE;
    const end = offset + at.RECORD_HEADER_BYTES + this.keyBytes(offset) + this.valueBytes(offset);
    return this.view.getBigInt64(end, true);
  }

  key(offset: number): Uint8Array {
    return this.part(offset + at.RECORD_HEADER_BYTES, this.keyBytes(offset));
  }

  value(offset: number): Uint8Array {
    const byteCount = this.valueBytes(offset);
    if (byteCount === 0) return EMPTY_BYTES;
    return this.part(offset + at.RECORD_HEADER_BYTES + this.keyBytes(offset), byteCount);
  }

  /** Some of the bytes. Why not `subarray`: it costs several times as much, and so does asking an array its buffer. */
  part(start: number, byteCount: number): Uint8Array {
    const { view } = this;
    return new Uint8Array(view.buffer, view.byteOffset + start, byteCount);
  }
}

/** What a segment's id says of its bytes: their length and two sums. */
function contentName(bytes: Uint8Array): string {
  return `${bytes.length}-${contentSums(bytes)}`;
}
