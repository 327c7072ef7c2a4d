import { ConnectionError, ErrorCode } from "./error_code.ts";
import { Flag, FrameType } from "./frame.ts";
import type { Http2Limits } from "./limits.ts";

/** A header block while its parts arrive in HEADERS and CONTINUATION frames. */
export class HeaderBlock {
  readonly #limits: Http2Limits;
  #parts: Uint8Array[] = [];
  #byteCount = 0;
  /** The stream whose block is incomplete, or 0. Nothing else may come until it is whole. */
  streamId = 0;
  /** Whether the block ends the request. */
  endStream = false;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
  }

  /**
   * Checks that a frame may come now.
   *
   * @throws {ConnectionError} If an incomplete block should go on, or none is there to go on.
   */
  check(type: number, streamId: number): void {
    const isContinuation = type === FrameType.CONTINUATION;
    if (this.streamId === 0 && !isContinuation) return;
    if (isContinuation && streamId === this.streamId && streamId !== 0) return;
    const message = isContinuation
      ? "CONTINUATION without HEADERS before it"
      : "a header block is interrupted by another frame";
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
  }

  /** Takes the first part of a block that is not whole. */
  begin(streamId: number, endStream: boolean, part: Uint8Array): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#add(part);
  }

  /** Takes a further part; the whole block when it was the last. */
  add(flags: number, part: Uint8Array): Uint8Array | null {
    this.#add(part);
    if ((flags & Flag.END_HEADERS) === 0) return null;
    const block = new Uint8Array(this.#byteCount);
    let at = 0;
    for (const each of this.#parts) {
      block.set(each, at);
      at += each.length;
    }
    this.#parts = [];
    this.#byteCount = 0;
    this.streamId = 0;
    return block;
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#byteCount += part.length;
    const { headerBlockBytesMax, continuationsMax } = this.#limits;
    if (this.#byteCount > headerBlockBytesMax || this.#parts.length > continuationsMax + 1) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "a header block is too large");
    }
  }
}
