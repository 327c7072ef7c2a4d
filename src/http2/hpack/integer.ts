import { ConnectionError, ErrorCode } from "../error_code.ts";
import type { OutputBuffer } from "../output_buffer.ts";
import { decodeHuffman, encodeHuffman, huffmanBytes, latin1 } from "./huffman.ts";

/** Integers past this are refused: nothing in a header block is that large. */
const INTEGER_MAX = 0x0fff_ffff;

/** Reads the integers and strings that header blocks are made of. Ref: RFC 7541 §5. */
export class BlockReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** Where the next read starts. */
  at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.at = start;
  }

  /** Whether everything was read. */
  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  /** The next byte, still unread. */
  peek(): number {
    return this.#bytes[this.at];
  }

  /** An integer whose first bits are the low `prefixBits` of the next byte. */
  integer(prefixBits: number): number {
    if (this.at >= this.#end) throw malformed("a header block ends too early");
    const prefixMax = (1 << prefixBits) - 1;
    let value = this.#bytes[this.at++] & prefixMax;
    if (value < prefixMax) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.at >= this.#end) throw malformed("a header block ends within an integer");
      const byte = this.#bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (value > INTEGER_MAX) break;
      if (byte < 0x80) return value;
    }
    throw malformed("an integer in a header block is too large");
  }

  /** A string, Huffman-coded or not, with one code unit for each byte. */
  string(): string {
    const isHuffman = this.at < this.#end && this.#bytes[this.at] >= 0x80;
    const length = this.integer(7);
    const start = this.at;
    if (length > this.#end - start) throw malformed("a header block ends within a string");
    this.at = start + length;
    if (!isHuffman) return latin1(this.#bytes, start, this.at);
    const text = decodeHuffman(this.#bytes, start, this.at);
    if (text === null) throw malformed("a Huffman code in a header block is malformed");
    return text;
  }
}

/** The error for a header block that cannot be decoded: the connection's tables are then lost. */
export function malformed(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, message);
}

/** Writes `value` with its first bits beside the flags of `firstByte`. */
export function writeInteger(
  out: OutputBuffer,
  firstByte: number,
  prefixBits: number,
  value: number,
): void {
  const prefixMax = (1 << prefixBits) - 1;
  if (value < prefixMax) {
    out.byte(firstByte | value);
    return;
  }
  out.byte(firstByte | prefixMax);
  value -= prefixMax;
  while (value >= 0x80) {
    out.byte((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  out.byte(value);
}

/** Writes a string in the shorter of its two forms. */
export function writeString(out: OutputBuffer, text: string): void {
  const coded = huffmanBytes(text);
  if (coded < text.length) {
    writeInteger(out, 0x80, 7, coded);
    encodeHuffman(text, out);
  } else {
    writeInteger(out, 0, 7, text.length);
    out.latin1(text);
  }
}
