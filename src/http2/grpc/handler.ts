import type { GrpcMetadata } from "./metadata.ts";
import type { GrpcError } from "./status.ts";

/** What a handler knows of the call that it answers. */
export interface GrpcCall {
  /** The full method, as in `/etcdserverpb.KV/Range`. */
  readonly path: string;
  /** The host that the client thinks it talks to. */
  readonly authority: string;
  /** What the caller sent beside its messages. */
  readonly metadata: GrpcMetadata;
  /** When the caller stops waiting, on the clock's `nowMs`; `Infinity` if it never does. */
  readonly deadlineMs: number;
  /** Why nobody waits for the answer any more: cancelled, past the deadline, or disconnected. */
  readonly cancelled: GrpcError | null;
  /** Calls `fn` once if the call is cancelled, at once if it already is. */
  onCancel(fn: (reason: GrpcError) => void): void;
  /** Adds a field to those that end the call, with a lower-case name. */
  addTrailer(name: string, value: string): void;
}

/** A call with a stream of messages in either direction. */
export interface GrpcStreamCall extends GrpcCall, AsyncIterable<Uint8Array> {
  /**
   * The next request message, or `null` when the client has said all. Messages that nobody asks for
   * fill the stream's window and so stop the client. It rejects when the call is cancelled.
   */
  receive(): Promise<Uint8Array | null>;
  /**
   * Sends a message; its bytes are written or copied before this returns.
   *
   * @returns Whether there is room for more. After false, wait for {@linkcode drained}.
   * @throws {RangeError} If there was no room and nobody waited.
   */
  send(message: Uint8Array): boolean;
  /** Resolves when there is room for more. It rejects when the call is cancelled. */
  drained(): Promise<void>;
}

/**
 * Who answers a method. A unary handler gets the whole request, which is its own to keep, and may
 * answer without a promise. What it throws with a `code` and a `message` becomes the call's status.
 */
export type GrpcHandler =
  | {
    readonly kind: "unary";
    handle(request: Uint8Array, call: GrpcCall): Uint8Array | Promise<Uint8Array>;
  }
  | { readonly kind: "stream"; handle(call: GrpcStreamCall): Promise<void> };
