import type { ClientMethod } from "./methods.ts";

/** How a call waits. */
export interface CallOptions {
  /** Stops the waiting, with the signal's reason. A write that was sent may still be applied. */
  readonly signal?: AbortSignal;
  /** How long to try. */
  readonly deadlineMs: number;
}

/** What a server says on a stream. */
export interface ClientStream<A> {
  /**
   * The next message, or null when the server has said all.
   * @throws {KvorumError} when the stream broke off or was refused
   */
  next(): Promise<A | null>;
  /** Ends the stream. `next` then gives null. */
  cancel(): void;
}

/** How the client reaches a cluster. What it is made of may change between versions. */
export interface ClientTransport {
  /**
   * Asks for one answer, and again as far as that is safe.
   * @throws {KvorumError}
   * @internal
   */
  call<Q extends object, A extends object, R>(
    method: ClientMethod<Q, A>,
    request: Q,
    toResult: (response: A) => R,
    options: CallOptions,
  ): Promise<R>;
  /**
   * Opens a stream, once there is a connection. It lives at most as long as its connection.
   * @internal
   */
  open<Q extends object, A extends object>(method: ClientMethod<Q, A>, request: Q): ClientStream<A>;
  /** Fails everything that waits, and ends. */
  close(): Promise<void>;
}
