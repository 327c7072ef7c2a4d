import type { ErrorCode } from "../error_code.ts";
import type { StreamConsumer } from "../stream.ts";
import { type CallState, cancellationOf } from "./call_state.ts";
import type { GrpcCall, GrpcHandler, GrpcStreamCall } from "./handler.ts";
import { MessageAssembler, PREFIX_BYTES } from "./message_assembler.ts";
import type { GrpcMetadata } from "./metadata.ts";
import { GrpcCode, GrpcError } from "./status.ts";

/** Someone who waits, and how to go on. */
interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: GrpcError): void;
}

/** Messages in both directions, as the handler and the two windows go. */
export class StreamExchange implements StreamConsumer, GrpcStreamCall {
  readonly #call: CallState;
  readonly #assembler: MessageAssembler;
  /** Messages that nobody has asked for yet. Bounded by the stream's window. */
  readonly #inbox: Uint8Array[] = [];
  #hasEnded = false;
  #receiving: Waiter<Uint8Array | null> | null = null;
  #draining: Waiter<void>[] = [];

  constructor(call: CallState) {
    this.#call = call;
    this.#assembler = new MessageAssembler(
      call.context.messageBytesMax,
      (message) => this.#onMessage(message),
      (byteCount) => call.stream.expect(byteCount),
    );
    call.onCancel((reason) => this.#onCancel(reason));
  }

  /** Lets the handler run; its end is the call's. */
  async run(handler: GrpcHandler & { kind: "stream" }): Promise<void> {
    try {
      await handler.handle(this);
      this.#call.succeed();
    } catch (error) {
      if (!this.#call.isOver) this.#call.failWith(error);
    }
    this.#call.release();
  }

  get path(): string {
    return this.#call.path;
  }

  get authority(): string {
    return this.#call.authority;
  }

  get metadata(): GrpcMetadata {
    return this.#call.metadata;
  }

  get deadlineMs(): number {
    return this.#call.deadlineMs;
  }

  get cancelled(): GrpcError | null {
    return this.#call.cancelled;
  }

  onCancel(...[fn]: Parameters<GrpcCall["onCancel"]>): void {
    this.#call.onCancel(fn);
  }

  addTrailer(name: string, value: string): void {
    this.#call.addTrailer(name, value);
  }

  receive(): Promise<Uint8Array | null> {
    const { cancelled } = this.#call;
    if (cancelled !== null) return Promise.reject(cancelled);
    const message = this.#inbox.shift();
    if (message !== undefined) {
      this.#call.stream.credit(PREFIX_BYTES + message.length);
      return Promise.resolve(message);
    }
    if (this.#hasEnded) return Promise.resolve(null);
    if (this.#receiving !== null) throw new TypeError("receive() waits already: one at a time");
    return new Promise((resolve, reject) => this.#receiving = { resolve, reject });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (let next = await this.receive(); next !== null; next = await this.receive()) yield next;
  }

  send(message: Uint8Array): boolean {
    const { stream, isOver } = this.#call;
    if (isOver) return false;
    if (!this.#hasRoom) throw new RangeError("send() has no room: wait for drained()");
    this.#call.send(message);
    return stream.queuedBytes < this.#call.context.streamQueueBytesMax;
  }

  get #hasRoom(): boolean {
    const { stream, context } = this.#call;
    return stream.queuedBytes < context.streamQueueBytesMax;
  }

  drained(): Promise<void> {
    const { cancelled } = this.#call;
    if (cancelled !== null) return Promise.reject(cancelled);
    if (this.#hasRoom) return Promise.resolve();
    return new Promise((resolve, reject) => this.#draining.push({ resolve, reject }));
  }

  onData(bytes: Uint8Array): void {
    if (this.#call.isOver) return;
    try {
      this.#assembler.push(bytes);
      if (!this.#assembler.isEmpty) this.#call.awaitRest();
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      this.#call.breakOff(error);
    }
  }

  #onMessage(message: Uint8Array): void {
    this.#call.hasRest();
    const waiter = this.#receiving;
    if (waiter === null) {
      this.#inbox.push(message);
      return;
    }
    this.#receiving = null;
    this.#call.stream.credit(PREFIX_BYTES + message.length);
    waiter.resolve(message);
  }

  onEnd(): void {
    this.#hasEnded = true;
    if (!this.#assembler.isEmpty) {
      this.#call.breakOff(new GrpcError(GrpcCode.INTERNAL, "unexpected EOF"));
    }
    this.#receiving?.resolve(null);
    this.#receiving = null;
  }

  onAbort(code: ErrorCode, reason: string): void {
    this.#call.cancel(cancellationOf(code), reason);
  }

  #onCancel(reason: GrpcError): void {
    this.#inbox.length = 0;
    this.#receiving?.reject(reason);
    this.#receiving = null;
    const waiting = this.#draining;
    this.#draining = [];
    for (const waiter of waiting) waiter.reject(reason);
  }

  onDrained(): void {
    if (this.#draining.length === 0 || !this.#hasRoom) return;
    const waiting = this.#draining;
    this.#draining = [];
    for (const waiter of waiting) waiter.resolve();
  }
}
