import { assert } from "../base/assert.ts";
import type { ByteBudget } from "../base/byte_budget.ts";
import type { Clock } from "../base/clock.ts";
import { ConnectionError, ErrorCode, StreamError } from "./error_code.ts";
import type { Http2Event } from "./event.ts";
import { FloodGuard } from "./flood_guard.ts";
import { LargeMessageRoom, ReceiveWindow } from "./flow_control.ts";
import { FRAME_PAYLOAD_BYTES, INT31_MAX, PREFACE, writeGoaway, writePing } from "./frame.ts";
import { writeReset, writeSettings, writeWindowUpdate } from "./frame.ts";
import { FrameHandler, type FrameTarget } from "./frame_handler.ts";
import { FrameSplitter } from "./frame_splitter.ts";
import type { HeaderField } from "./hpack/header_field.ts";
import { Keepalive } from "./keepalive.ts";
import type { Http2Limits } from "./limits.ts";
import type { RequestHead } from "./request_head.ts";
import { Sender } from "./sender.ts";
import { DEFAULT_WINDOW_BYTES, SettingId } from "./settings.ts";
import type { Stream, StreamConsumer } from "./stream.ts";
import { StreamTable } from "./stream_table.ts";

/** What a connection needs of whoever drives it. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly limits: Http2Limits;
  /** What all connections' unread data may take. */
  readonly unread: ByteBudget;
  /** Finds who answers a request. */
  onRequest(stream: Stream, head: RequestHead): StreamConsumer;
  /** There are bytes to be sent, or the connection is over. */
  wantsFlush(): void;
  /** Tells the outside. */
  onEvent(event: Http2Event): void;
}

/** What our last ping before the end looks like, so that its answer is known. */
const DRAIN_PING = new Uint8Array([0x64, 0x72, 0x61, 0x69, 0x6e, 0x69, 0x6e, 0x67]);
const KEEPALIVE_PING = new Uint8Array(8);

/**
 * The server's end of one connection, as a machine that takes bytes and leaves bytes in a buffer.
 * It never waits and never throws; time and the socket are the host's.
 */
export class Http2Connection implements FrameTarget {
  readonly host: ConnectionHost;
  readonly limits: Http2Limits;
  readonly guard: FloodGuard;
  readonly keepalive: Keepalive;
  readonly sender: Sender;
  readonly streams: StreamTable = new StreamTable();
  readonly #window: ReceiveWindow;
  readonly #room: LargeMessageRoom;
  readonly #frames: FrameHandler;
  readonly #splitter: FrameSplitter;
  #prefaceSeen = 0;
  /** What all streams have queued. */
  queuedBytes = 0;
  /** Handlers that have not finished, those of closed streams included. */
  #handlers = 0;
  lastStreamIdTaken: number = INT31_MAX;
  #isDraining = false;
  /** The connection is over: what is in the buffer is the last that is sent. */
  isOver = false;

  constructor(host: ConnectionHost) {
    this.host = host;
    const { connectionWindowBytes } = host.limits;
    assert(connectionWindowBytes > DEFAULT_WINDOW_BYTES, "A connection's window can only grow");
    this.limits = host.limits;
    this.guard = new FloodGuard(host.clock, host.limits);
    this.sender = new Sender(host.limits.outputBytesMax, (stream) => this.#onLocalEnd(stream));
    this.#window = new ReceiveWindow(connectionWindowBytes);
    this.#room = new LargeMessageRoom(host.limits.largeMessageBytesMax);
    this.#frames = new FrameHandler(this);
    this.#splitter = new FrameSplitter(
      FRAME_PAYLOAD_BYTES,
      (type, flags, id, bytes, start, end) => this.#onFrame(type, flags, id, bytes, start, end),
    );
    this.keepalive = new Keepalive(host.clock, host.limits, {
      ping: () => this.#ping(KEEPALIVE_PING),
      giveUp: () => this.fail(ErrorCode.NO_ERROR, "keepalive ping failed: the client is silent"),
    });
    this.#greet();
  }

  #greet(): void {
    const { out } = this.sender;
    const { streamsMax, headerListBytesMax, connectionWindowBytes } = this.limits;
    writeSettings(out, [
      [SettingId.MAX_CONCURRENT_STREAMS, Math.min(streamsMax, 0xffff_ffff)],
      [SettingId.MAX_HEADER_LIST_SIZE, headerListBytesMax],
    ]);
    writeWindowUpdate(out, 0, connectionWindowBytes - DEFAULT_WINDOW_BYTES);
    this.host.wantsFlush();
  }

  /** Whether the client has introduced itself as it must. */
  get isGreeted(): boolean {
    return this.#frames.hasSettings;
  }

  get isFull(): boolean {
    const { streamsMax, queueBytesMax } = this.limits;
    return this.streams.size >= streamsMax || this.#handlers >= streamsMax ||
      this.queuedBytes > queueBytesMax;
  }

  get isUnreadFull(): boolean {
    return this.host.unread.isOverdrawn;
  }

  /** Takes the next bytes, which must not change afterwards. */
  receive(chunk: Uint8Array): void {
    if (this.isOver) return;
    this.keepalive.heard();
    try {
      const start = this.#prefaceSeen < PREFACE.length ? this.#preface(chunk) : 0;
      this.#splitter.receive(chunk, start);
    } catch (error) {
      this.#failWith(error);
    }
    // Even if nothing is to be said: a window may have opened for data that waits.
    this.host.wantsFlush();
  }

  #preface(chunk: Uint8Array): number {
    let at = 0;
    for (; at < chunk.length && this.#prefaceSeen < PREFACE.length; at++) {
      if (chunk[at] !== PREFACE.charCodeAt(this.#prefaceSeen++)) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "this is not HTTP/2");
      }
    }
    return at;
  }

  #onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    try {
      this.#frames.onFrame(type, flags, streamId, bytes, start, end);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#failStream(error);
    }
    return !this.isOver;
  }

  #failStream({ streamId, code, message }: StreamError): void {
    this.host.onEvent({ kind: "stream_error", code, message });
    this.guard.count("malformed requests");
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.resetUnknown(streamId, code);
    else {
      this.reset(stream, code);
      stream.consumer?.onAbort(code, message);
    }
  }

  #failWith(error: unknown): void {
    if (error instanceof ConnectionError) {
      this.fail(error.code, error.message);
    } else {
      this.host.onEvent({ kind: "handler_error", path: "", error });
      this.fail(ErrorCode.INTERNAL_ERROR, "internal error");
    }
  }

  /** Ends the connection at once, with a reason for the peer. */
  fail(code: ErrorCode, message: string): void {
    if (this.isOver) return;
    this.host.onEvent({ kind: "connection_error", code, message });
    this.#close(code, message);
  }

  /** The peer is gone, or must go: whoever works for it is told. */
  disconnect(): void {
    if (!this.isOver) this.#close(ErrorCode.NO_ERROR, "");
  }

  #close(code: ErrorCode, message: string): void {
    this.isOver = true;
    this.keepalive.stop();
    writeGoaway(this.sender.out, this.streams.lastId, code, message);
    for (const stream of [...this.streams.all()]) {
      this.#forget(stream);
      stream.consumer?.onAbort(ErrorCode.CANCEL, "transport is closing");
    }
    this.host.wantsFlush();
  }

  /** Says goodbye: requests that are on their way are still taken, later ones are not. */
  drain(): void {
    if (this.isOver || this.#isDraining) return;
    this.#isDraining = true;
    // First the largest number, then after a round trip the true one. Ref: RFC 9113 §6.8.
    writeGoaway(this.sender.out, INT31_MAX, ErrorCode.NO_ERROR, "");
    this.#ping(DRAIN_PING);
  }

  onPingAck(bytes: Uint8Array, start: number): void {
    if (!this.#isDraining || this.lastStreamIdTaken !== INT31_MAX) return;
    if (DRAIN_PING.some((byte, i) => bytes[start + i] !== byte)) return;
    this.lastStreamIdTaken = this.streams.lastId;
    writeGoaway(this.sender.out, this.lastStreamIdTaken, ErrorCode.NO_ERROR, "");
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (this.lastStreamIdTaken === INT31_MAX || this.streams.size > 0 || this.isOver) return;
    this.isOver = true;
    this.keepalive.stop();
    this.host.wantsFlush();
  }

  #ping(opaque: Uint8Array): void {
    writePing(this.sender.out, opaque, false);
    this.host.wantsFlush();
  }

  openRequest(stream: Stream, head: RequestHead): void {
    this.streams.add(stream);
    this.#handlers++;
    stream.consumer = this.host.onRequest(stream, head);
  }

  receiveData(byteCount: number): void {
    // No check for an overrun: what bounds memory is the streams' windows, which are checked.
    const increment = this.#window.credit(byteCount);
    if (increment > 0) writeWindowUpdate(this.sender.out, 0, increment);
  }

  endRemote(stream: Stream): void {
    stream.isRemoteEnded = true;
    stream.consumer?.onEnd();
  }

  #onLocalEnd(stream: Stream): void {
    if (stream.isClosed) return;
    // Whoever has its answer need not go on asking. Ref: RFC 9113 §8.1.
    if (stream.isRemoteEnded) this.#forget(stream);
    else this.reset(stream, ErrorCode.NO_ERROR);
  }

  #forget(stream: Stream): void {
    this.sender.forget(stream);
    stream.close();
    this.streams.delete(stream.id);
    this.#endIfDrained();
  }

  onReset(stream: Stream, code: ErrorCode): void {
    this.#forget(stream);
    stream.consumer?.onAbort(code, "the client has cancelled the request");
  }

  /** Resets a stream that is not open: refused, or closed before. */
  resetUnknown(streamId: number, code: ErrorCode): void {
    this.streams.noteReset(streamId);
    writeReset(this.sender.out, streamId, code);
  }

  writeHeaders(stream: Stream, fields: readonly HeaderField[], endStream: boolean): void {
    this.sender.headers(stream, fields, endStream);
    this.host.wantsFlush();
  }

  tryWriteMessage(stream: Stream, payload: Uint8Array): boolean {
    if (!this.sender.tryMessage(stream, payload)) return false;
    this.host.wantsFlush();
    return true;
  }

  schedule(stream: Stream): void {
    this.sender.schedule(stream);
    this.host.wantsFlush();
  }

  countQueued(bytes: number): void {
    this.queuedBytes += bytes;
  }

  countUnread(bytes: number): void {
    this.host.unread.take(bytes);
  }

  widenReceive(stream: Stream, bytes: number): void {
    writeWindowUpdate(this.sender.out, stream.id, bytes);
    this.host.wantsFlush();
  }

  borrowRoom(stream: Stream, bytes: number): () => void {
    return this.#room.borrow(bytes, () => {
      stream.receiveWindow.widen(bytes);
      this.widenReceive(stream, bytes);
    });
  }

  reset(stream: Stream, code: ErrorCode): void {
    this.streams.noteReset(stream.id);
    writeReset(this.sender.out, stream.id, code);
    this.#forget(stream);
    this.host.wantsFlush();
  }

  releaseHandler(): void {
    this.#handlers--;
  }
}
