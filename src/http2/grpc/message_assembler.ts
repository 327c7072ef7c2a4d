import { readUint32 } from "../frame.ts";
import { GrpcCode, GrpcError } from "./status.ts";

/** What precedes each message: whether it is compressed, and its length. */
export const PREFIX_BYTES = 5;
/** How much a message gets before it has shown that it is longer. */
const CAPACITY_BYTES = 4_096;

/** Puts messages together from the data of a stream, however it is cut. */
export class MessageAssembler {
  readonly #messageBytesMax: number;
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #onLength: (bytes: number) => void;
  /** Made when a prefix is cut, which is rare: a small array costs more than all else here. */
  #prefix: Uint8Array | null = null;
  #prefixFilled = 0;
  /** The message in the making. It grows as its bytes arrive, not as its prefix promises. */
  #body: Uint8Array | null = null;
  #bodyFilled = 0;
  #bodyLength = 0;

  /**
   * @param onMessage Takes each whole message, which may be a view of what was pushed.
   * @param onLength Is told the size with prefix of a message that is not there yet.
   */
  constructor(
    messageBytesMax: number,
    onMessage: (message: Uint8Array) => void,
    onLength: (bytes: number) => void,
  ) {
    this.#messageBytesMax = messageBytesMax;
    this.#onMessage = onMessage;
    this.#onLength = onLength;
  }

  /** Whether nothing of an unfinished message is here. */
  get isEmpty(): boolean {
    return this.#prefixFilled === 0;
  }

  /** @throws {GrpcError} If a message is too large or compressed. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#prefixFilled === 0 && bytes.length - at >= PREFIX_BYTES) {
        const start = at + PREFIX_BYTES;
        const end = start + this.#length(bytes, at);
        if (end <= bytes.length) {
          this.#onMessage(bytes.subarray(start, end));
          at = end;
          continue;
        }
      }
      at = this.#gather(bytes, at);
    }
  }

  #length(bytes: Uint8Array, at: number): number {
    const length = readUint32(bytes, at + 1);
    if (bytes[at] > 1) throw new GrpcError(GrpcCode.INTERNAL, "grpc: unexpected payload format");
    if (bytes[at] === 1) {
      throw new GrpcError(
        GrpcCode.INTERNAL,
        "grpc: compressed flag set with identity or empty encoding",
      );
    }
    if (length > this.#messageBytesMax) {
      throw new GrpcError(
        GrpcCode.RESOURCE_EXHAUSTED,
        `grpc: received message larger than max (${length} vs. ${this.#messageBytesMax})`,
      );
    }
    return length;
  }

  #gather(bytes: Uint8Array, at: number): number {
    if (this.#body === null) {
      const prefix = this.#prefix ??= new Uint8Array(PREFIX_BYTES);
      const taken = Math.min(PREFIX_BYTES - this.#prefixFilled, bytes.length - at);
      prefix.set(bytes.subarray(at, at + taken), this.#prefixFilled);
      this.#prefixFilled += taken;
      at += taken;
      if (this.#prefixFilled < PREFIX_BYTES) return at;
      this.#bodyLength = this.#length(prefix, 0);
      this.#body = new Uint8Array(Math.min(this.#bodyLength, CAPACITY_BYTES));
      this.#bodyFilled = 0;
      if (this.#bodyLength > bytes.length - at) this.#onLength(PREFIX_BYTES + this.#bodyLength);
    }
    const taken = Math.min(this.#bodyLength - this.#bodyFilled, bytes.length - at);
    const body = this.#grown(this.#body, this.#bodyFilled + taken);
    body.set(bytes.subarray(at, at + taken), this.#bodyFilled);
    this.#bodyFilled += taken;
    this.#body = body;
    if (this.#bodyFilled === this.#bodyLength) {
      this.#body = null;
      this.#prefixFilled = 0;
      this.#onMessage(body.subarray(0, this.#bodyLength));
    }
    return at + taken;
  }

  #grown(body: Uint8Array, needed: number): Uint8Array {
    if (needed <= body.length) return body;
    const grown = new Uint8Array(Math.min(this.#bodyLength, Math.max(needed, body.length * 2)));
    grown.set(body);
    return grown;
  }
}
