import { assert } from "./assert.ts";

/** Up to so many bytes are copied sooner in words than by a call. */
const WORDWISE_MAX = 128;
const TWO_32 = 0x1_0000_0000;

/** How many bytes the varint of a length takes. */
function varintWidth(length: number): number {
  return length < 0x80
    ? 1
    : length < 0x4000
    ? 2
    : length < 0x20_0000
    ? 3
    : length < 0x1000_0000
    ? 4
    : 5;
}

/**
 * A growing buffer that integers and byte strings are appended to, in protobuf's encodings where one
 * exists. One writer is reused for many messages: `reset()` forgets, `view()` lends, `copy()` gives.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  /** How many bytes have been written since the last reset. */
  length = 0;

  /** @param capacityBytes How much room to reserve; the buffer doubles when it is used up. */
  constructor(capacityBytes = 256) {
    this.#buffer = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Makes room for `byteCount` more bytes. */
  reserve(byteCount: number): void {
    const needed = this.length + byteCount;
    if (needed <= this.#buffer.length) return;
    let capacity = this.#buffer.length * 2;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.length = 0;
  }

  /** Cuts what was written back to its first `length` bytes. */
  truncate(length: number): void {
    assert(length <= this.length, "ByteWriter cannot be truncated to more than it holds");
    this.length = length;
  }

  /** One byte. */
  byte(value: number): void {
    this.reserve(1);
    this.#buffer[this.length++] = value;
  }

  /** Four bytes, the lowest first. */
  uint32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Eight bytes, the lowest first, of a 64-bit identifier. */
  uint64(value: bigint): void {
    this.reserve(8);
    this.#view.setBigUint64(this.length, value, true);
    this.length += 8;
  }

  /** A varint of a non-negative safe integer. */
  varint(value: number): void {
    // Why no message with the value: building it would cost more than the write itself.
    assert(value >= 0 && value <= Number.MAX_SAFE_INTEGER, "A varint must be a safe integer >= 0");
    this.reserve(8);
    const buffer = this.#buffer;
    let at = this.length;
    while (value >= TWO_32) {
      buffer[at++] = (value & 0x7f) | 0x80;
      value = Math.floor(value / 128);
    }
    value >>>= 0;
    while (value > 0x7f) {
      buffer[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    buffer[at++] = value;
    this.length = at;
  }

  /** A varint of any 64-bit integer; a negative one takes ten bytes, as in protobuf's int64. */
  varint64(value: bigint): void {
    // Two halves as numbers: shifting a bigint seven times allocates each time.
    let low = Number(BigInt.asUintN(32, value));
    let high = Number(BigInt.asUintN(32, value >> 32n));
    this.reserve(10);
    const buffer = this.#buffer;
    let at = this.length;
    while (high > 0) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 0x7f) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    buffer[at++] = low;
    this.length = at;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A varint of the length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /**
   * A varint of a length, then the bytes of a view from `start` to `end`.
   *
   * Why: most keys and values are short, and to copy eight bytes a step is then cheaper than to make
   * an array for `bytes`. The integers never leave the registers.
   */
  slice(source: DataView, start: number, end: number): void {
    const byteCount = end - start;
    this.varint(byteCount);
    this.reserve(byteCount);
    let to = this.length;
    this.length = to + byteCount;
    if (byteCount > WORDWISE_MAX) {
      this.#buffer.set(new Uint8Array(source.buffer, source.byteOffset + start, byteCount), to);
      return;
    }
    const view = this.#view;
    let from = start;
    for (; from + 8 <= end; from += 8, to += 8) {
      view.setBigUint64(to, source.getBigUint64(from, true), true);
    }
    for (; from < end; from++) view.setUint8(to++, source.getUint8(from));
  }

  /**
   * Begins a part whose length goes before it as a varint, for a length not known beforehand.
   * @param bytesMin What the part will surely have; the closer, the less often it has to move.
   * @returns Where the part starts, for {@linkcode endPart}.
   */
  beginPart(bytesMin = 0): number {
    const width = varintWidth(bytesMin);
    this.reserve(width);
    this.length += width;
    return this.length;
  }

  /** Ends the part that starts at `start`, begun with the same `bytesMin`, and writes its length. */
  endPart(start: number, bytesMin = 0): void {
    let size = this.length - start;
    assert(size >= bytesMin, "ByteWriter can end only a part that it began");
    const begun = varintWidth(bytesMin);
    const shift = varintWidth(size) - begun;
    if (shift > 0) {
      this.reserve(shift);
      this.#buffer.copyWithin(start + shift, start, this.length);
      this.length += shift;
    }
    let at = start - begun;
    while (size > 0x7f) {
      this.#buffer[at++] = (size & 0x7f) | 0x80;
      size >>>= 7;
    }
    this.#buffer[at] = size;
  }

  /** Overwrites four bytes already written at `offset`, for a length or checksum known only later. */
  patchUint32(offset: number, value: number): void {
    assert(offset + 4 <= this.length, "ByteWriter can patch only what was written");
    this.#view.setUint32(offset, value, true);
  }

  /** What was written, as a view that the next write or reset may change. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** What was written, as bytes of their own. */
  copy(): Uint8Array {
    return this.#buffer.slice(0, this.length);
  }
}
