import { assert } from "../base/assert.ts";
import type { ErrorCode } from "./error_code.ts";
import { ReceiveWindow, SendWindow } from "./flow_control.ts";
import type { HeaderField } from "./hpack/header_field.ts";
import { DEFAULT_WINDOW_BYTES } from "./settings.ts";

/** Whoever answers the request of one stream. After `onEnd` no data comes; after `onAbort` nothing. */
export interface StreamConsumer {
  /**
   * A part of the request's data, which may be kept. Call {@linkcode Stream.credit} when it is read.
   * `isLast` says that {@linkcode StreamConsumer.onEnd} follows.
   */
  onData(bytes: Uint8Array, isLast: boolean): void;
  /** The request is complete. */
  onEnd(): void;
  /** The peer has reset the stream or gone, or broke a rule: nobody waits for the answer. */
  onAbort(code: ErrorCode, reason: string): void;
  /** What was queued has gone out, so that there is room again. */
  onDrained(): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  /** Writes a header block now. */
  writeHeaders(stream: Stream, fields: readonly HeaderField[], endStream: boolean): void;
  /** Writes a gRPC message now if windows and buffer have room for it; else false. */
  tryWriteMessage(stream: Stream, payload: Uint8Array): boolean;
  /** Writes what the stream has queued, as soon as windows and buffer have room. */
  schedule(stream: Stream): void;
  /** Counts queued bytes of all streams, up or down. */
  countQueued(bytes: number): void;
  /** Counts data of all streams that nobody has read, up or down. */
  countUnread(bytes: number): void;
  /** Lets the peer send more on this stream. */
  widenReceive(stream: Stream, bytes: number): void;
  /** Lends room for a large message; the result takes it back. */
  borrowRoom(stream: Stream, bytes: number): () => void;
  /** Tells the peer that the stream is over. */
  reset(stream: Stream, code: ErrorCode): void;
  /** The handler is done, whatever became of the stream. */
  releaseHandler(): void;
}

/** One request and its answer. */
export class Stream {
  readonly id: number;
  readonly #owner: StreamOwner;
  readonly sendWindow: SendWindow;
  readonly receiveWindow: ReceiveWindow = new ReceiveWindow(DEFAULT_WINDOW_BYTES);
  /** Is told of everything. Set once, when the request's head is read. */
  consumer: StreamConsumer | null = null;
  /** The peer has said all it will say. */
  isRemoteEnded = false;
  /** We have said all we will say. */
  isLocalEnded = false;
  /** Nothing more is sent or received. */
  isClosed = false;
  /** How much data the request still owes after `content-length`, or -1 for any. */
  owedContentBytes = -1;
  /** Data that has arrived and nobody has read, in bytes. */
  unreadBytes = 0;
  /** What waits to be sent, in bytes. */
  queuedBytes = 0;
  readonly #queue: Uint8Array[] = [];
  /** How much of the queue's first part was sent. */
  #sentOfFirst = 0;
  #trailers: readonly HeaderField[] | null = null;
  #isEnding = false;
  #returnLoan: (() => void) | null = null;
  #loanBytes = 0;

  constructor(id: number, owner: StreamOwner, sendWindowBytes: number) {
    this.id = id;
    this.#owner = owner;
    this.sendWindow = new SendWindow(sendWindowBytes);
  }

  /** Whether more may be said on this stream. */
  get isWritable(): boolean {
    return !this.#isEnding && !this.isClosed;
  }

  /** Whether queued data waits only for room. */
  get isSendable(): boolean {
    return this.queuedBytes > 0 && this.sendWindow.availableBytes > 0 && !this.isClosed;
  }

  /** Whether the frame that empties the queue is the stream's last. */
  get endsWithData(): boolean {
    return this.#isEnding && this.#trailers === null;
  }

  /** Sends the answer's head. With `endStream` it is the whole answer. */
  sendHeaders(fields: readonly HeaderField[], endStream: boolean): void {
    if (!this.isWritable) return;
    assert(this.queuedBytes === 0, "The head of an answer goes before its data");
    this.#isEnding = endStream;
    this.#owner.writeHeaders(this, fields, endStream);
  }

  /** Sends a gRPC message with its prefix. The bytes are written or copied before this returns. */
  sendMessage(payload: Uint8Array): void {
    if (!this.isWritable) return;
    if (this.queuedBytes === 0 && this.#owner.tryWriteMessage(this, payload)) return;
    const framed = new Uint8Array(5 + payload.length);
    new DataView(framed.buffer).setUint32(1, payload.length);
    framed.set(payload, 5);
    this.#enqueue(framed);
  }

  /** Sends data, which must not change afterwards. */
  sendData(bytes: Uint8Array): void {
    if (this.isWritable && bytes.length > 0) this.#enqueue(bytes);
  }

  /** Ends the answer after all that is queued, with trailers if there are any. */
  end(trailers: readonly HeaderField[] | null): void {
    if (!this.isWritable) return;
    this.#isEnding = true;
    this.#trailers = trailers;
    if (this.queuedBytes > 0) return;
    if (trailers !== null) this.#owner.writeHeaders(this, trailers, true);
    else this.#owner.schedule(this);
  }

  /** Gives the stream up. */
  reset(code: ErrorCode): void {
    if (!this.isClosed) this.#owner.reset(this, code);
  }

  #enqueue(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.#owner.countQueued(bytes.length);
    this.#owner.schedule(this);
  }

  /** Moves up to `byteCount` queued bytes to `target`. */
  dequeue(target: Uint8Array, at: number, byteCount: number): void {
    const end = at + byteCount;
    let used = 0;
    while (at < end) {
      const first = this.#queue[used];
      const part = first.subarray(this.#sentOfFirst, this.#sentOfFirst + end - at);
      target.set(part, at);
      at += part.length;
      this.#sentOfFirst += part.length;
      if (this.#sentOfFirst < first.length) break;
      this.#sentOfFirst = 0;
      used++;
    }
    this.#queue.splice(0, used);
    this.queuedBytes -= byteCount;
    this.#owner.countQueued(-byteCount);
  }

  /** Goes on after data went out: trailers when the queue is empty, and word to the consumer. */
  afterData(): void {
    if (this.queuedBytes === 0 && this.#trailers !== null) {
      this.#owner.writeHeaders(this, this.#trailers, true);
    }
    this.consumer?.onDrained();
  }

  /** Counts data that has arrived; false if it was more than the peer may send. */
  receive(byteCount: number): boolean {
    this.unreadBytes += byteCount;
    this.#owner.countUnread(byteCount);
    return this.receiveWindow.receive(byteCount);
  }

  /** Lets the peer send as much again as was read. */
  credit(byteCount: number): void {
    this.#countRead(Math.min(byteCount, this.unreadBytes));
    if (this.isRemoteEnded || this.isClosed) {
      this.#endLoan();
      return;
    }
    // What came on loan is not given back twice.
    const onLoan = Math.min(byteCount, this.#loanBytes);
    this.#loanBytes -= onLoan;
    if (this.#loanBytes === 0) this.#endLoan();
    const increment = this.receiveWindow.credit(byteCount - onLoan);
    if (increment > 0) this.#owner.widenReceive(this, increment);
  }

  /** Lets the peer send a message of `byteCount` bytes although nothing is read before its end. */
  expect(byteCount: number): void {
    const extraBytes = byteCount - DEFAULT_WINDOW_BYTES / 2;
    if (extraBytes <= 0 || this.#returnLoan !== null || this.isRemoteEnded) return;
    this.#loanBytes = Math.ceil(extraBytes);
    this.#returnLoan = this.#owner.borrowRoom(this, this.#loanBytes);
  }

  #countRead(byteCount: number): void {
    this.unreadBytes -= byteCount;
    this.#owner.countUnread(-byteCount);
  }

  #endLoan(): void {
    this.#returnLoan?.();
    this.#returnLoan = null;
  }

  /** Says that the handler is done. */
  releaseHandler(): void {
    this.#owner.releaseHandler();
  }

  /** Forgets everything that waits. The owner calls it when the stream is over. */
  close(): void {
    this.isClosed = true;
    this.#countRead(this.unreadBytes);
    this.#owner.countQueued(-this.queuedBytes);
    this.queuedBytes = 0;
    this.#queue.length = 0;
    this.#trailers = null;
    this.#endLoan();
  }
}
