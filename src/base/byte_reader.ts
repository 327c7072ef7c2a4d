/** Thrown when bytes from outside do not have the form that they should have. */
export class MalformedBytesError extends Error {
  override name = "MalformedBytesError";
}

/**
 * Reads what {@linkcode ByteWriter} wrote. It never reads past the end of its bytes: whatever is cut
 * off or out of range throws {@linkcode MalformedBytesError}, so it is safe on bytes from outside.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where the next read starts. */
  offset: number;
  /** Where reading ends, exclusive. */
  readonly end: number;

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
    this.end = end;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.end - this.offset;
  }

  #take(byteCount: number): number {
    const start = this.offset;
    if (byteCount > this.end - start) {
      throw new MalformedBytesError(
        `Cannot read ${byteCount} bytes at ${start}: only ${this.end - start} are left`,
      );
    }
    this.offset = start + byteCount;
    return start;
  }

  /** One byte. */
  byte(): number {
    return this.#bytes[this.#take(1)];
  }

  /** Four bytes, the lowest first. */
  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Eight bytes, the lowest first. */
  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A varint that must be a non-negative safe integer. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#bytes[this.#take(1)];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new MalformedBytesError(`Cannot read a varint at ${this.offset}: it is over 2^53`);
  }

  /** A varint of up to 64 bits, unsigned. */
  varint64(): bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#bytes[this.#take(1)];
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low);
      scale *= 128;
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#take(1)];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new MalformedBytesError(`Cannot read a varint at ${this.offset}: it is over 64 bits`);
  }

  /** `byteCount` bytes, as a view into what is read. */
  raw(byteCount: number): Uint8Array {
    const start = this.#take(byteCount);
    return this.#bytes.subarray(start, start + byteCount);
  }

  /** A varint of a length, then that many bytes, as a view into what is read. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** Steps over `byteCount` bytes. */
  skip(byteCount: number): void {
    this.#take(byteCount);
  }
}
