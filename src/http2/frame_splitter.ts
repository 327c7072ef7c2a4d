import { ConnectionError, ErrorCode } from "./error_code.ts";
import { FRAME_HEADER_BYTES, readUint31 } from "./frame.ts";

/**
 * Takes one whole frame. Its payload is `bytes` from `start` to `end` and may be kept; false says
 * that no more frames are wanted.
 */
export type FrameSink = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
) => boolean;

/**
 * Cuts what arrives into frames. A frame that lies whole in its chunk is handed on in place; one
 * that does not is gathered in an array of its own, so that slow senders cost no more than quick.
 */
export class FrameSplitter {
  readonly #sink: FrameSink;
  readonly #payloadBytesMax: number;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #payload: Uint8Array | null = null;
  #payloadFilled = 0;

  constructor(payloadBytesMax: number, sink: FrameSink) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#sink = sink;
  }

  /**
   * Takes the next bytes, which must not change afterwards.
   *
   * @throws {ConnectionError} If a frame is longer than allowed, and whatever the sink throws.
   */
  receive(chunk: Uint8Array, start = 0): void {
    let at = start;
    while (at < chunk.length) {
      if (this.#headerFilled === 0) {
        const next = this.#inPlace(chunk, at);
        if (next < 0) return;
        if (next > at) {
          at = next;
          continue;
        }
      }
      at = this.#gather(chunk, at);
      if (at < 0) return;
    }
  }

  /** Hands on the frame at `at` if it is whole. The place after it, or -1 to stop. */
  #inPlace(chunk: Uint8Array, at: number): number {
    const payload = at + FRAME_HEADER_BYTES;
    if (payload > chunk.length) return at;
    const end = payload + this.#payloadBytes(chunk, at);
    if (end > chunk.length) return at;
    return this.#emit(chunk, at, chunk, payload, end) ? end : -1;
  }

  /** Adds to a frame that comes in parts. The place after what was used, or -1 to stop. */
  #gather(chunk: Uint8Array, at: number): number {
    if (this.#headerFilled < FRAME_HEADER_BYTES) {
      const taken = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.length - at);
      this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
      this.#headerFilled += taken;
      at += taken;
      if (this.#headerFilled < FRAME_HEADER_BYTES) return at;
    }
    this.#payload ??= new Uint8Array(this.#payloadBytes(this.#header, 0));
    const payload = this.#payload;
    const taken = Math.min(payload.length - this.#payloadFilled, chunk.length - at);
    payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
    this.#payloadFilled += taken;
    if (this.#payloadFilled < payload.length) return at + taken;
    this.#headerFilled = 0;
    this.#payloadFilled = 0;
    this.#payload = null;
    return this.#emit(this.#header, 0, payload, 0, payload.length) ? at + taken : -1;
  }

  #payloadBytes(bytes: Uint8Array, at: number): number {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    if (length <= this.#payloadBytesMax) return length;
    throw new ConnectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      "a frame is longer than our settings allow",
    );
  }

  #emit(header: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#sink(
      header[at + 3],
      header[at + 4],
      readUint31(header, at + 5),
      bytes,
      start,
      end,
    );
  }
}
