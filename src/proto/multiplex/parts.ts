/**
 * Frames as messages of a channel. A frame goes in one message or in several parts; a message is one
 * byte of flags and a part.
 *
 * Why parts: some WebSocket clients cannot turn Nagle's algorithm off and write a message of more
 * than about a thousand bytes in two pieces, the second of which then waits for the receiver's
 * delayed acknowledgement, 40 ms on Linux. A small message goes in one piece, and the answer that
 * the flag asks for carries the acknowledgement back at once.
 */
import { MalformedBytesError } from "../../base/byte_reader.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import { EMPTY_BYTES } from "../../base/bytes.ts";

/** More parts of this frame follow. */
const MORE = 1;
/** Asks for a message, any message, without delay. */
const ECHO = 2;

/** A message that asks for another and says nothing. */
export const PING: Uint8Array = Uint8Array.of(ECHO);
/** A message that says nothing. */
export const PONG: Uint8Array = Uint8Array.of(0);

/** How a side cuts what it sends. */
export interface PartOptions {
  /** The largest message, with its flags. */
  readonly messageBytesMax: number;
  /** Frames of more bytes than this go in messages as large as the receiver allows. */
  readonly cutUpToBytes: number;
  /** Whether each message asks for one in return. */
  readonly echo: boolean;
}

/** Large messages, none of which asks for one in return: for whoever's socket does not delay. */
export const LARGE_PARTS: PartOptions = {
  messageBytesMax: 1_048_576,
  cutUpToBytes: 0,
  echo: false,
};

/** Small messages that the receiver acknowledges; measured, past 128 KiB delays do not show. */
export const SMALL_PARTS: PartOptions = {
  messageBytesMax: 1_000,
  cutUpToBytes: 131_072,
  echo: true,
};

/** Begins a frame in a writer: its first byte becomes the flags. */
export function beginFrame(writer: ByteWriter): void {
  writer.reset();
  writer.byte(0);
}

/** Whether anything has been written since {@linkcode beginFrame}. */
export function hasItems(writer: ByteWriter): boolean {
  return writer.length > 1;
}

/** Sends the frame in `writer` in messages, which are only lent to `send`. */
export function sendFrame(
  writer: ByteWriter,
  options: PartOptions,
  send: (message: Uint8Array) => void,
): void {
  const whole = writer.view();
  const flags = options.echo ? ECHO : 0;
  const messageBytesMax = whole.length <= options.cutUpToBytes
    ? options.messageBytesMax
    : LARGE_PARTS.messageBytesMax;
  let start = 0;
  // Each part overwrites the byte before it, which has gone already, with its flags.
  while (whole.length - start > messageBytesMax) {
    whole[start] = flags | MORE;
    send(whole.subarray(start, start + messageBytesMax));
    start += messageBytesMax - 1;
  }
  whole[start] = flags;
  send(whole.subarray(start));
}

/** Puts frames together again. */
export class FrameAssembler {
  readonly #frameBytesMax: number;
  #parts: Uint8Array[] = [];
  #byteLength = 0;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Whether a message asks for another one in return. */
  static asksForEcho(message: Uint8Array): boolean {
    return message.length > 0 && (message[0] & ECHO) !== 0;
  }

  /**
   * Takes a message.
   * @returns the frame that it ends, or null if more parts follow
   * @throws {MalformedBytesError} if it is no such message, or the frame becomes too large
   */
  take(message: Uint8Array): Uint8Array | null {
    if (message.length === 0) throw new MalformedBytesError("Cannot read a message without flags");
    const flags = message[0];
    if (flags > (MORE | ECHO)) {
      throw new MalformedBytesError(`Cannot read a message with unknown flags ${flags}`);
    }
    const isLast = (flags & MORE) === 0;
    this.#byteLength += message.length - 1;
    if (this.#byteLength > this.#frameBytesMax) {
      throw new MalformedBytesError(
        `Cannot take a frame of ${this.#byteLength} bytes or more: ${this.#frameBytesMax} are allowed`,
      );
    }
    // An empty part that is not the last would let a flood of them cost memory and no bytes.
    if (!isLast && message.length === 1) throw new MalformedBytesError("Cannot read an empty part");
    if (isLast && this.#parts.length === 0) {
      this.#byteLength = 0;
      return message.length === 1 ? EMPTY_BYTES : message.subarray(1);
    }
    this.#parts.push(message.subarray(1));
    return isLast ? this.#join() : null;
  }

  #join(): Uint8Array {
    const frame = new Uint8Array(this.#byteLength);
    let at = 0;
    for (const part of this.#parts) {
      frame.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#byteLength = 0;
    return frame;
  }
}
