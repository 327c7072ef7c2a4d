import { finishHeaders, Flag, FRAME_HEADER_BYTES, FrameType, writeFrameHeader } from "./frame.ts";
import { SendWindow } from "./flow_control.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { HeaderField } from "./hpack/header_field.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { DEFAULT_WINDOW_BYTES, defaultPeerSettings, type PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** What precedes a gRPC message: whether it is compressed, and its length. */
const MESSAGE_PREFIX_BYTES = 5;

/** Writes header blocks and data in the order in which windows and the buffer allow. */
export class Sender {
  readonly out: OutputBuffer = new OutputBuffer();
  readonly window: SendWindow = new SendWindow(DEFAULT_WINDOW_BYTES);
  readonly encoder: HpackEncoder = new HpackEncoder();
  readonly peer: PeerSettings = defaultPeerSettings();
  /** Whether a header block or data went out since someone last set this to false. */
  hasSent = false;
  /** Streams with data and window. Invariant: whoever was served goes to the end of the line. */
  readonly #ready = new Set<Stream>();
  readonly #outputBytesMax: number;
  readonly #onEnd: (stream: Stream) => void;

  /**
   * @param outputBytesMax Data is written until so much waits for the socket.
   * @param onEnd Is told when a stream's last frame is written.
   */
  constructor(outputBytesMax: number, onEnd: (stream: Stream) => void) {
    this.#outputBytesMax = outputBytesMax;
    this.#onEnd = onEnd;
  }

  /** Writes a header block at once: it needs no window. */
  headers(stream: Stream, fields: readonly HeaderField[], endStream: boolean): void {
    const { out } = this;
    const start = out.length;
    out.reserve(FRAME_HEADER_BYTES);
    out.length += FRAME_HEADER_BYTES;
    this.encoder.encode(fields, out);
    finishHeaders(out, start, stream.id, endStream, this.peer.frameBytesMax);
    this.hasSent = true;
    if (endStream) this.#end(stream);
  }

  /** Writes a gRPC message if it can go whole and at once: the way of nearly every answer. */
  tryMessage(stream: Stream, payload: Uint8Array): boolean {
    const { out, window } = this;
    const length = payload.length + MESSAGE_PREFIX_BYTES;
    if (
      this.#ready.size > 0 || out.length >= this.#outputBytesMax ||
      length > this.peer.frameBytesMax || length > window.availableBytes ||
      length > stream.sendWindow.availableBytes
    ) return false;
    window.availableBytes -= length;
    stream.sendWindow.availableBytes -= length;
    out.reserve(FRAME_HEADER_BYTES + length);
    writeFrameHeader(out, length, FrameType.DATA, 0, stream.id);
    out.byte(0);
    out.uint32(payload.length);
    out.raw(payload);
    this.hasSent = true;
    return true;
  }

  /** Puts a stream in line, or ends it at once if it has nothing but its end to send. */
  schedule(stream: Stream): void {
    if (stream.isSendable) this.#ready.add(stream);
    else if (stream.queuedBytes === 0 && stream.endsWithData) this.#data(stream, 0);
  }

  /** Takes a closed stream out of the line. */
  forget(stream: Stream): void {
    this.#ready.delete(stream);
  }

  /** Writes queued data, a frame of each stream in turn, until a window or the buffer is full. */
  pump(): void {
    // A set hands out what is added while it is walked: that makes the turns.
    for (const stream of this.#ready) {
      const windowBytes = this.window.availableBytes;
      if (windowBytes <= 0 || this.out.length >= this.#outputBytesMax) return;
      this.#ready.delete(stream);
      if (!stream.isSendable) continue;
      const byteCount = Math.min(
        stream.queuedBytes,
        stream.sendWindow.availableBytes,
        windowBytes,
        this.peer.frameBytesMax,
      );
      this.#data(stream, byteCount);
      if (stream.isSendable) this.#ready.add(stream);
    }
  }

  #data(stream: Stream, byteCount: number): void {
    const { out } = this;
    const isLast = stream.endsWithData && byteCount === stream.queuedBytes;
    writeFrameHeader(out, byteCount, FrameType.DATA, isLast ? Flag.END_STREAM : 0, stream.id);
    out.reserve(byteCount);
    stream.dequeue(out.bytes, out.length, byteCount);
    out.length += byteCount;
    this.window.availableBytes -= byteCount;
    stream.sendWindow.availableBytes -= byteCount;
    this.hasSent = true;
    if (isLast) this.#end(stream);
    else stream.afterData();
  }

  #end(stream: Stream): void {
    stream.isLocalEnded = true;
    this.#onEnd(stream);
  }
}
