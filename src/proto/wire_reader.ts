import { MalformedBytesError } from "../base/byte_reader.ts";
import { decodeUtf8 } from "../base/utf8.ts";

const TWO_32 = 0x1_0000_0000;

/** How a field's bytes are delimited. Ref: protobuf's encoding guide. */
export const WireType = { VARINT: 0, FIXED64: 1, LENGTH: 2, START: 3, END: 4, FIXED32: 5 } as const;

/**
 * Messages inside messages may be this deep. Each level of a nested transaction takes two (the
 * transaction and its operation), so that as many fit as a transaction may have operations, and the
 * pairs that the innermost one answers with.
 */
export const MESSAGE_DEPTH_MAX = 260;

/**
 * Reads protobuf's wire format. One reader serves a message and all messages inside it: `enter`
 * narrows it to the inner one and `leave` widens it again. It is safe on bytes from outside:
 * whatever is cut off or out of range throws {@linkcode MalformedBytesError}.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #end: number;
  #depth = 0;
  /** The halves of the varint read last, both unsigned. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Whether the message that is being read has bytes left. */
  get hasMore(): boolean {
    return this.#offset < this.#end;
  }

  /** A field's number and wire type, as `number << 3 | wireType`. */
  tag(): number {
    const offset = this.#offset;
    if (offset < this.#end && this.#bytes[offset] < 0x80) {
      this.#low = this.#bytes[offset];
      this.#offset++;
    } else {
      this.#varint();
      if (this.#high !== 0) {
        throw new MalformedBytesError(`Cannot read a tag at ${offset}: too big`);
      }
    }
    if (this.#low < 8) throw new MalformedBytesError(`Cannot read a tag at ${offset}: field 0`);
    return this.#low;
  }

  /** An int64 that must be a safe integer. */
  int64(): number {
    return this.#safe((this.#varint(), this.#high | 0));
  }

  /** An int64 as the nearest safe integer, for numbers that are only compared with others. */
  int64Clamped(): number {
    this.#varint();
    const value = (this.#high | 0) * TWO_32 + this.#low;
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  /** A uint64 that must be a safe integer. */
  uint64(): number {
    return this.#safe((this.#varint(), this.#high));
  }

  #safe(high: number): number {
    const value = high * TWO_32 + this.#low;
    if (Number.isSafeInteger(value)) return value;
    throw new MalformedBytesError(`Cannot read an integer before ${this.#offset}: it is over 2^53`);
  }

  /** An int64 that identifies something. */
  int64Id(): bigint {
    this.#varint();
    if (this.#high === 0) return BigInt(this.#low);
    return (BigInt(this.#high | 0) << 32n) | BigInt(this.#low);
  }

  /** A uint64 that identifies something. */
  uint64Id(): bigint {
    this.#varint();
    if (this.#high === 0) return BigInt(this.#low);
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    this.#varint();
    return this.#low;
  }

  /** The low 32 bits of a varint, signed: the number of an enum's value. */
  enumNumber(): number {
    this.#varint();
    return this.#low | 0;
  }

  /** Whether a varint is not zero. */
  bool(): boolean {
    this.#varint();
    return (this.#low | this.#high) !== 0;
  }

  /** Bytes after their length, as a view into what is read. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#offset;
    this.#offset = start + length;
    return this.#bytes.subarray(start, start + length);
  }

  /** Text after its length in bytes. */
  string(): string {
    return decodeUtf8(this.bytes());
  }

  /**
   * Narrows the reader to the message (or the packed numbers) that starts here with its length.
   * @returns What {@linkcode leave} needs to widen the reader again.
   */
  enter(): number {
    if (this.#depth === MESSAGE_DEPTH_MAX) {
      throw new MalformedBytesError(
        `Cannot read a message at ${this.#offset}: more than ${MESSAGE_DEPTH_MAX} inside each other`,
      );
    }
    const length = this.#length();
    const outerEnd = this.#end;
    this.#depth++;
    this.#end = this.#offset + length;
    return outerEnd;
  }

  /** Widens the reader to the message around the one that `enter` narrowed it to. */
  leave(outerEnd: number): void {
    this.#depth--;
    this.#end = outerEnd;
  }

  /** Steps over the value of a field that nobody knows, whose tag was read last. */
  skip(tag: number): void {
    // Groups are obsolete, but a parser has to get past them. They end in reverse order of opening.
    const open: number[] = [];
    do {
      switch (tag & 7) {
        case WireType.VARINT:
          this.#varint();
          break;
        case WireType.FIXED64:
          this.#step(8);
          break;
        case WireType.LENGTH:
          this.#step(this.#length());
          break;
        case WireType.START:
          open.push(tag + 1);
          break;
        case WireType.END:
          if (open.pop() === tag) break;
          throw new MalformedBytesError(`Cannot skip a group before ${this.#offset}: wrong end`);
        case WireType.FIXED32:
          this.#step(4);
          break;
        default:
          throw new MalformedBytesError(
            `Cannot skip a field before ${this.#offset}: no such wire type ${tag & 7}`,
          );
      }
      if (open.length > MESSAGE_DEPTH_MAX) {
        throw new MalformedBytesError(`Cannot skip groups at ${this.#offset}: too deep`);
      }
    } while (open.length > 0 && (tag = this.tag()) !== 0);
  }

  #step(byteCount: number): void {
    if (byteCount > this.#end - this.#offset) throw this.#cutOff(byteCount);
    this.#offset += byteCount;
  }

  #length(): number {
    this.#varint();
    if (this.#high !== 0 || this.#low > this.#end - this.#offset) {
      throw this.#cutOff(this.#high * TWO_32 + this.#low);
    }
    return this.#low;
  }

  #cutOff(byteCount: number): MalformedBytesError {
    return new MalformedBytesError(
      `Cannot read ${byteCount} bytes at ${this.#offset}: only ${
        this.#end - this.#offset
      } are left`,
    );
  }

  /** Reads up to ten bytes, seven bits each with the lowest first, into the two halves. */
  #varint(): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#offset;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw this.#cutOff(1);
      const byte = bytes[at++];
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#offset = at;
        this.#low = low;
        this.#high = 0;
        return;
      }
    }
    this.#longVarint(at, low);
  }

  /** Goes on after four bytes; the fifth one belongs to both halves. */
  #longVarint(at: number, low: number): void {
    const bytes = this.#bytes;
    if (at >= this.#end) throw this.#cutOff(1);
    let byte = bytes[at++];
    this.#low = (low | ((byte & 0x0f) << 28)) >>> 0;
    let high = (byte & 0x7f) >> 4;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (at >= this.#end) throw this.#cutOff(1);
      byte = bytes[at++];
      // The tenth byte has room for one bit only.
      if (shift === 31 && byte > 1) {
        throw new MalformedBytesError(`Cannot read a varint before ${at}: it is over 64 bits`);
      }
      high |= (byte & 0x7f) << shift;
    }
    this.#offset = at;
    this.#high = high >>> 0;
  }
}
