import type { Clock } from "../../base/clock.ts";
import type { Http2Event } from "../event.ts";
import { ErrorCode } from "../error_code.ts";
import { HeaderField } from "../hpack/header_field.ts";
import type { RequestHead } from "../request_head.ts";
import type { Stream } from "../stream.ts";
import type { Deadlines, Expiring } from "./deadlines.ts";
import type { GrpcCall } from "./handler.ts";
import { GrpcMetadata } from "./metadata.ts";
import { GrpcCode, GrpcError, statusFields, statusOf } from "./status.ts";

/** What the calls of a connection share. */
export interface CallContext {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly messageBytesMax: number;
  readonly streamQueueBytesMax: number;
  /** By when a message must be whole that has begun. */
  readonly unfinishedMs: number;
  onEvent(event: Http2Event): void;
}

/** What every answer begins with. */
export const ANSWER_HEAD: readonly HeaderField[] = [
  new HeaderField(":status", "200"),
  new HeaderField("content-type", "application/grpc"),
];
const OK_TRAILERS: readonly HeaderField[] = statusFields(GrpcCode.OK, "");

/** A call from its first frame to its status: the part that all kinds of handlers share. */
export class CallState implements GrpcCall {
  readonly stream: Stream;
  readonly context: CallContext;
  readonly #head: RequestHead;
  readonly deadlineMs: number;
  cancelled: GrpcError | null = null;
  /** The status is sent, or nobody waits for it. */
  isOver = false;
  #isReleased = false;
  #hasSentHead = false;
  #trailers: HeaderField[] | null = null;
  #metadata: GrpcMetadata | null = null;
  /** Ends the call if a message that has begun does not end. */
  #patience: Expiring | null = null;
  #listeners: ((reason: GrpcError) => void)[] | null = null;

  constructor(stream: Stream, head: RequestHead, context: CallContext, timeoutMs: number) {
    this.stream = stream;
    this.context = context;
    this.#head = head;
    this.deadlineMs = timeoutMs === Infinity ? Infinity : context.clock.nowMs() + timeoutMs;
    if (timeoutMs !== Infinity) context.deadlines.add(this);
  }

  get path(): string {
    return this.#head.path;
  }

  get authority(): string {
    return this.#head.authority;
  }

  get metadata(): GrpcMetadata {
    return this.#metadata ??= new GrpcMetadata(this.#head.fields);
  }

  onCancel(fn: (reason: GrpcError) => void): void {
    if (this.cancelled !== null) fn(this.cancelled);
    else if (!this.isOver) (this.#listeners ??= []).push(fn);
  }

  addTrailer(name: string, value: string): void {
    (this.#trailers ??= []).push(new HeaderField(name, value));
  }

  /** Sends a message, after the answer's head if it is the first. */
  send(message: Uint8Array): void {
    if (!this.#hasSentHead) this.stream.sendHeaders(ANSWER_HEAD, false);
    this.#hasSentHead = true;
    this.stream.sendMessage(message);
  }

  /** Ends the call well. */
  succeed(): void {
    if (!this.#hasSentHead) this.fail(GrpcCode.OK, "");
    else if (this.#endOnce()) {
      this.stream.end(this.#trailers === null ? OK_TRAILERS : [...OK_TRAILERS, ...this.#trailers]);
    }
  }

  /** Ends the call with a status, without a head if there was no message. */
  fail(code: number, message: string): void {
    if (!this.#endOnce()) return;
    const fields = [...statusFields(code, message), ...(this.#trailers ?? [])];
    if (this.#hasSentHead) this.stream.end(fields);
    else this.stream.sendHeaders([...ANSWER_HEAD, ...fields], true);
  }

  /** Ends the call with what a handler threw. */
  failWith(error: unknown): void {
    const status = statusOf(error);
    if (status !== null) {
      this.fail(status.code, status.message);
      return;
    }
    this.context.onEvent({ kind: "handler_error", path: this.path, error });
    this.fail(GrpcCode.UNKNOWN, error instanceof Error ? error.message : "unknown error");
  }

  /** A message has begun: the rest of it must come in time. */
  awaitRest(): void {
    if (this.#patience !== null || this.isOver) return;
    const { clock, deadlines, unfinishedMs } = this.context;
    this.#patience = {
      deadlineMs: clock.nowMs() + unfinishedMs,
      onDeadline: () => this.#expire("grpc: a message was not whole in time"),
    };
    deadlines.add(this.#patience);
  }

  /** It is whole. */
  hasRest(): void {
    if (this.#patience === null) return;
    this.context.deadlines.delete(this.#patience);
    this.#patience = null;
  }

  #endOnce(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.hasRest();
    if (this.deadlineMs !== Infinity) this.context.deadlines.delete(this);
    return true;
  }

  onDeadline(): void {
    this.#expire("context deadline exceeded");
  }

  #expire(message: string): void {
    this.breakOff(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, message));
    this.stream.consumer?.onAbort(ErrorCode.CANCEL, message);
  }

  /** Ends the call, whose handler may be at work, with a status. */
  breakOff(reason: GrpcError): void {
    if (this.isOver) return;
    this.fail(reason.code, reason.message);
    this.#tell(reason);
  }

  /** Nobody waits for the answer any more. */
  cancel(code: number, message: string): void {
    if (this.#endOnce()) this.#tell(new GrpcError(code, message));
  }

  #tell(reason: GrpcError): void {
    this.cancelled = reason;
    const listeners = this.#listeners ?? [];
    this.#listeners = null;
    for (const listener of listeners) {
      try {
        listener(reason);
      } catch (error) {
        this.context.onEvent({ kind: "handler_error", path: this.path, error });
      }
    }
  }

  /** The handler is done; it makes room for another. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.stream.releaseHandler();
  }
}

/** The status that a reset of the stream stands for. Ref: gRPC's PROTOCOL-HTTP2.md. */
export function cancellationOf(code: ErrorCode): number {
  return code === ErrorCode.CANCEL || code === ErrorCode.NO_ERROR
    ? GrpcCode.CANCELLED
    : GrpcCode.INTERNAL;
}
