/** What a buffer holds when it is new. */
const CAPACITY_BYTES = 4_096;
/** A buffer that has grown past this is not kept: thousands of idle connections must stay cheap. */
const KEPT_BYTES_MAX = 131_072;

/**
 * The bytes of a turn on their way to the socket. There are two arrays: while the socket takes one,
 * frames gather in the other.
 */
export class OutputBuffer {
  /** Where the next bytes go, at `length`. Hot paths write here directly, after `reserve`. */
  bytes: Uint8Array = new Uint8Array(CAPACITY_BYTES);
  /** How many bytes wait. */
  length = 0;
  #spare: Uint8Array | null = null;

  /** Makes room for `byteCount` more bytes. */
  reserve(byteCount: number): void {
    const needed = this.length + byteCount;
    if (needed <= this.bytes.length) return;
    let capacity = this.bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** One byte. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Four bytes, the highest first. */
  uint32(value: number): void {
    this.reserve(4);
    const { bytes, length } = this;
    bytes[length] = value >>> 24;
    bytes[length + 1] = value >>> 16;
    bytes[length + 2] = value >>> 8;
    bytes[length + 3] = value;
    this.length = length + 4;
  }

  /** Bytes as they are. */
  raw(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** The low eight bits of each code unit. */
  latin1(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    const at = this.length;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.length = at + length;
  }

  /** Hands over all that waits. The bytes are the taker's until {@linkcode giveBack}. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = this.#spare ?? new Uint8Array(CAPACITY_BYTES);
    this.#spare = null;
    this.length = 0;
    return taken;
  }

  /** Returns what was taken, for later turns. */
  giveBack(taken: Uint8Array): void {
    if (taken.buffer.byteLength <= KEPT_BYTES_MAX) {
      this.#spare = new Uint8Array(taken.buffer as ArrayBuffer);
    }
  }
}
