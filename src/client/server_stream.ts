import type { KvorumError } from "./errors.ts";
import type { ClientStream } from "./transport.ts";

/** What a stream needs of its transport. */
export interface StreamHost {
  /** Lets the server send more. */
  grant(id: number, bytes: number): void;
  /** Tells the server that nobody listens any more. */
  cancel(id: number): void;
}

interface Waiter<A> {
  readonly resolve: (message: A | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What the server says on one stream, until somebody takes it. Back-pressure: the server may send
 * only as many bytes as were taken, so at most the credit and one message wait here.
 */
export class ServerStream<A> implements ClientStream<A> {
  /** How many bytes may be on their way or wait here. */
  static readonly CREDIT_BYTES = 262_144;

  readonly #id: number;
  readonly #host: StreamHost;
  #messages: { readonly message: A; readonly byteLength: number }[] = [];
  #waiter: Waiter<A> | null = null;
  /** Bytes that were taken and not given back as credit yet. */
  #takenBytes = 0;
  #isOver = false;
  #failure: KvorumError | null = null;

  constructor(id: number, host: StreamHost) {
    this.#id = id;
    this.#host = host;
  }

  next(): Promise<A | null> {
    const first = this.#messages.shift();
    if (first !== undefined) {
      this.#took(first.byteLength);
      return Promise.resolve(first.message);
    }
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#isOver) return Promise.resolve(null);
    return new Promise((resolve, reject) => this.#waiter = { resolve, reject });
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#messages = [];
    this.end();
    this.#host.cancel(this.#id);
  }

  /** A message came. */
  push(message: A, byteLength: number): void {
    if (this.#isOver) return;
    const waiter = this.#waiter;
    if (waiter === null) {
      this.#messages.push({ message, byteLength });
      return;
    }
    this.#waiter = null;
    this.#took(byteLength);
    waiter.resolve(message);
  }

  /** The server has said all, or nobody listens. */
  end(): void {
    this.#isOver = true;
    this.#waiter?.resolve(null);
    this.#waiter = null;
  }

  /** The stream broke off. What has come already can still be taken. */
  fail(error: KvorumError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = error;
    this.#waiter?.reject(error);
    this.#waiter = null;
  }

  #took(byteLength: number): void {
    this.#takenBytes += byteLength;
    if (this.#isOver || this.#takenBytes < ServerStream.CREDIT_BYTES / 2) return;
    this.#host.grant(this.#id, this.#takenBytes);
    this.#takenBytes = 0;
  }
}
