import { ConnectionError, ErrorCode, StreamError } from "./error_code.ts";
import { Flag, FrameType, readUint31, readUint32, writePing, writeSettingsAck } from "./frame.ts";
import { HeaderBlock } from "./header_block.ts";
import { type HeaderList, HpackDecoder } from "./hpack/decoder.ts";
import { HeaderField } from "./hpack/header_field.ts";
import { areTrailers, readRequestHead, type RequestHead } from "./request_head.ts";
import { readSettings } from "./settings.ts";
import type { FloodGuard } from "./flood_guard.ts";
import type { Keepalive } from "./keepalive.ts";
import type { Http2Limits } from "./limits.ts";
import type { Sender } from "./sender.ts";
import { Stream, type StreamOwner } from "./stream.ts";
import type { StreamTable } from "./stream_table.ts";

const HEADERS_TOO_LARGE = [new HeaderField(":status", "431")];
/** A smaller increment lets us send hardly more than the frame that carried it. */
const TINY_INCREMENT_BYTES = 64;

/** The connection as the frames act on it. */
export interface FrameTarget extends StreamOwner {
  readonly limits: Http2Limits;
  readonly guard: FloodGuard;
  readonly keepalive: Keepalive;
  readonly sender: Sender;
  readonly streams: StreamTable;
  /** Whether more data waits to be read, on all connections, than may. */
  readonly isUnreadFull: boolean;
  /** Whether no more requests fit at the moment. */
  readonly isFull: boolean;
  /** Streams after this one are refused, once we have said goodbye. */
  readonly lastStreamIdTaken: number;
  /** Counts data that arrived, and gives the connection's window back at once. */
  receiveData(byteCount: number): void;
  /** Opens a stream for a request and finds who answers it. */
  openRequest(stream: Stream, head: RequestHead): void;
  /** Ends what the client says on a stream. */
  endRemote(stream: Stream): void;
  /** The client has reset a stream. */
  onReset(stream: Stream, code: ErrorCode): void;
  /** The answer to one of our pings has come. */
  onPingAck(bytes: Uint8Array, start: number): void;
}

/** Does what each frame of the client's says. Ref: RFC 9113 §6. */
export class FrameHandler {
  readonly #connection: FrameTarget;
  readonly #decoder: HpackDecoder;
  readonly #block: HeaderBlock;
  /** Whether the client's first frame, its settings, has come. */
  hasSettings = false;

  constructor(connection: FrameTarget) {
    this.#connection = connection;
    this.#decoder = new HpackDecoder(connection.limits.headerListBytesMax);
    this.#block = new HeaderBlock(connection.limits);
  }

  /** @throws {ConnectionError | StreamError} If the frame breaks a rule. */
  onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#block.check(type, id);
    if (!this.hasSettings && type !== FrameType.SETTINGS) {
      throw protocolError("the first frame is not SETTINGS");
    }
    switch (type) {
      case FrameType.DATA:
        return this.#onData(flags, id, bytes, start, end);
      case FrameType.HEADERS:
        return this.#onHeaders(flags, id, bytes, start, end);
      case FrameType.PRIORITY:
        return this.#onPriority(id, bytes, start, end);
      case FrameType.RST_STREAM:
        return this.#onReset(id, bytes, start, end);
      case FrameType.SETTINGS:
        return this.#onSettings(flags, id, bytes, start, end);
      case FrameType.PUSH_PROMISE:
        throw protocolError("a client cannot push");
      case FrameType.PING:
        return this.#onPing(flags, id, bytes, start, end);
      case FrameType.GOAWAY:
        if (id !== 0) throw protocolError("GOAWAY on a stream");
        if (end - start < 8) throw sizeError("GOAWAY");
        return;
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(id, bytes, start, end);
      case FrameType.CONTINUATION:
        return this.#onContinuation(flags, bytes, start, end);
      default:
        this.#connection.guard.count("unknown frames");
    }
  }

  #onData(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError("DATA on no stream");
    const connection = this.#connection;
    const endStream = (flags & Flag.END_STREAM) !== 0;
    const frameBytes = end - start;
    connection.receiveData(frameBytes);
    if ((flags & Flag.PADDED) !== 0) {
      if (frameBytes === 0) throw sizeError("DATA");
      const padBytes = bytes[start++];
      end -= padBytes;
      if (end < start) throw protocolError("DATA is all padding and more");
    }
    if (start === end && !endStream) connection.guard.count("empty DATA");
    const stream = connection.streams.get(id);
    if (stream === undefined) return this.#onDataOfNoStream(id);
    if (stream.isRemoteEnded) {
      throw new StreamError(id, ErrorCode.STREAM_CLOSED, "DATA after the end of a request");
    }
    if (!stream.receive(frameBytes)) {
      throw new StreamError(id, ErrorCode.FLOW_CONTROL_ERROR, "more data than the window allows");
    }
    const padding = frameBytes - (end - start);
    if (padding > 0) stream.credit(padding);
    this.#checkContent(stream, end - start, endStream);
    if (end > start) stream.consumer?.onData(bytes.subarray(start, end), endStream);
    // What is whole goes on its way, whatever others have begun.
    if (!endStream && stream.unreadBytes > 0 && connection.isUnreadFull) {
      throw new StreamError(id, ErrorCode.ENHANCE_YOUR_CALM, "too many requests are half read");
    }
    if (endStream && !stream.isClosed) connection.endRemote(stream);
  }

  #onDataOfNoStream(id: number): void {
    const { streams, guard } = this.#connection;
    if (streams.isIdle(id)) throw protocolError("DATA on a stream that was never opened");
    guard.count("frames on closed streams");
    if (streams.wasReset(id)) return;
    throw new StreamError(id, ErrorCode.STREAM_CLOSED, "DATA on a closed stream");
  }

  #checkContent(stream: Stream, byteCount: number, endStream: boolean): void {
    if (stream.owedContentBytes < 0) return;
    stream.owedContentBytes -= byteCount;
    if (stream.owedContentBytes < 0 || (endStream && stream.owedContentBytes > 0)) {
      stream.owedContentBytes = -1;
      throw malformed(stream.id, "the data is not as long as content-length says");
    }
  }

  #onHeaders(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError("HEADERS on no stream");
    if ((flags & Flag.PADDED) !== 0) {
      if (start === end) throw sizeError("HEADERS");
      end -= bytes[start++];
    }
    let dependency = 0;
    if ((flags & Flag.PRIORITY) !== 0) {
      dependency = readUint31(bytes, start);
      start += 5;
    }
    if (end < start) throw protocolError("HEADERS has less than its flags say");
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) === 0) {
      this.#block.begin(id, endStream, bytes.subarray(start, end));
    } else {
      this.#onBlock(id, endStream, bytes, start, end);
    }
    if (dependency === id) throw malformed(id, "a stream depends on itself");
  }

  #onContinuation(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const { streamId, endStream } = this.#block;
    const block = this.#block.add(flags, bytes.subarray(start, end));
    if (block !== null) this.#onBlock(streamId, endStream, block, 0, block.length);
  }

  #onBlock(id: number, endStream: boolean, bytes: Uint8Array, start: number, end: number): void {
    // Whatever becomes of the stream: the block must be read, later ones refer to it.
    const list = this.#decoder.decode(bytes, start, end);
    const { streams } = this.#connection;
    const stream = streams.get(id);
    if (stream !== undefined) this.#onTrailers(stream, list, endStream);
    else if (id > streams.lastId) this.#onRequest(id, list, endStream);
    else if ((id & 1) === 0 || streams.wasSkipped(id)) {
      throw protocolError("a new stream has a lower number than one before it");
    } else if (streams.wasReset(id)) this.#connection.guard.count("frames on closed streams");
    else throw new ConnectionError(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream");
  }

  #onTrailers(stream: Stream, list: HeaderList, endStream: boolean): void {
    const { id } = stream;
    if (stream.isRemoteEnded) {
      throw new StreamError(id, ErrorCode.STREAM_CLOSED, "HEADERS after the end of a request");
    }
    if (!endStream) throw malformed(id, "trailers do not end the request");
    if (!areTrailers(list.fields)) throw malformed(id, "the trailers are malformed");
    this.#checkContent(stream, 0, true);
    this.#connection.endRemote(stream);
  }

  #onRequest(id: number, list: HeaderList, endStream: boolean): void {
    if ((id & 1) === 0) throw protocolError("a client opens streams with odd numbers");
    const connection = this.#connection;
    connection.streams.use(id);
    if (id > connection.lastStreamIdTaken || connection.isFull) {
      throw new StreamError(id, ErrorCode.REFUSED_STREAM, "too many requests at a time");
    }
    const stream = new Stream(id, connection, connection.sender.peer.initialWindowBytes);
    stream.isRemoteEnded = endStream;
    if (list.isTooLarge) {
      connection.guard.count("malformed requests");
      connection.streams.add(stream);
      stream.sendHeaders(HEADERS_TOO_LARGE, true);
      return;
    }
    const head = readRequestHead(list.fields);
    if (head === null) throw malformed(id, "the request's header fields are malformed");
    if (endStream && head.contentBytes > 0) {
      throw malformed(id, "the data is not as long as content-length says");
    }
    stream.owedContentBytes = head.contentBytes;
    connection.openRequest(stream, head);
    if (endStream && !stream.isClosed) stream.consumer?.onEnd();
  }

  #onPriority(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError("PRIORITY on no stream");
    this.#connection.guard.count("PRIORITY");
    if (end - start !== 5) {
      throw new StreamError(id, ErrorCode.FRAME_SIZE_ERROR, "PRIORITY has a wrong size");
    }
    if (readUint31(bytes, start) === id) throw malformed(id, "a stream depends on itself");
  }

  #onReset(id: number, bytes: Uint8Array, start: number, end: number): void {
    const connection = this.#connection;
    if (end - start !== 4) throw sizeError("RST_STREAM");
    if (id === 0 || connection.streams.isIdle(id)) {
      throw protocolError("RST_STREAM on a stream that was never opened");
    }
    connection.guard.count("RST_STREAM");
    const stream = connection.streams.get(id);
    if (stream !== undefined) connection.onReset(stream, readUint32(bytes, start));
  }

  #onSettings(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError("SETTINGS on a stream");
    const isAck = (flags & Flag.ACK) !== 0;
    if (!this.hasSettings && isAck) throw protocolError("the first frame is not SETTINGS");
    this.hasSettings = true;
    const { guard, sender, streams } = this.#connection;
    guard.count("SETTINGS");
    if (isAck) {
      if (end > start) throw sizeError("SETTINGS");
      return;
    }
    const before = sender.peer.initialWindowBytes;
    readSettings(sender.peer, bytes, start, end);
    sender.encoder.setTableBytesMax(sender.peer.headerTableBytes);
    const change = sender.peer.initialWindowBytes - before;
    for (const stream of change === 0 ? [] : streams.all()) {
      if (!stream.sendWindow.widen(change)) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a stream's window is too large");
      }
      sender.schedule(stream);
    }
    writeSettingsAck(sender.out);
  }

  #onPing(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    const connection = this.#connection;
    if (id !== 0) throw protocolError("PING on a stream");
    if (end - start !== 8) throw sizeError("PING");
    connection.guard.count("PING");
    if ((flags & Flag.ACK) !== 0) {
      connection.onPingAck(bytes, start);
      return;
    }
    const { sender, keepalive, streams } = connection;
    writePing(sender.out, bytes.subarray(start, end), true);
    keepalive.onPing(sender.hasSent, streams.size > 0);
    sender.hasSent = false;
  }

  #onWindowUpdate(id: number, bytes: Uint8Array, start: number, end: number): void {
    const { guard, sender, streams } = this.#connection;
    if (end - start !== 4) throw sizeError("WINDOW_UPDATE");
    const increment = readUint31(bytes, start);
    if (increment < TINY_INCREMENT_BYTES) guard.count("tiny WINDOW_UPDATE");
    if (id === 0) {
      if (increment === 0) throw protocolError("WINDOW_UPDATE by nothing");
      if (sender.window.widen(increment)) return;
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "the window is too large");
    }
    const stream = streams.get(id);
    if (stream === undefined) {
      if (streams.isIdle(id)) throw protocolError("WINDOW_UPDATE on a stream never opened");
      return;
    }
    if (increment === 0) throw malformed(id, "WINDOW_UPDATE by nothing");
    if (!stream.sendWindow.widen(increment)) {
      throw new StreamError(id, ErrorCode.FLOW_CONTROL_ERROR, "a stream's window is too large");
    }
    sender.schedule(stream);
  }
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

function sizeError(frame: string): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} has a wrong size`);
}

function malformed(streamId: number, message: string): StreamError {
  return new StreamError(streamId, ErrorCode.PROTOCOL_ERROR, message);
}
