import { INT31_MAX } from "./frame.ts";

/**
 * What the peer may still send, for a stream or the connection. Credit is given back in lumps of
 * half a window, so that few WINDOW_UPDATE frames are needed.
 */
export class ReceiveWindow {
  #availableBytes: number;
  #owedBytes = 0;
  readonly #lumpBytes: number;

  constructor(windowBytes: number) {
    this.#availableBytes = windowBytes;
    this.#lumpBytes = windowBytes >>> 1;
  }

  /** Counts what arrived; false if it was more than the peer may send. */
  receive(bytes: number): boolean {
    this.#availableBytes -= bytes;
    return this.#availableBytes >= 0;
  }

  /** Gives back what was read. The increment to tell the peer, or 0 for not yet. */
  credit(bytes: number): number {
    this.#owedBytes += bytes;
    if (this.#owedBytes < this.#lumpBytes) return 0;
    const increment = this.#owedBytes;
    this.#owedBytes = 0;
    this.#availableBytes += increment;
    return increment;
  }

  /** Makes the window larger, beyond what is given back. */
  widen(bytes: number): void {
    this.#availableBytes += bytes;
  }
}

/**
 * What we may still send, for a stream or the connection. A stream's may be below zero after the
 * peer has made its initial window smaller. Ref: RFC 9113 §6.9.2.
 */
export class SendWindow {
  /** How many bytes may be sent now, if above zero. */
  availableBytes: number;

  constructor(windowBytes: number) {
    this.availableBytes = windowBytes;
  }

  /** Adds what the peer gave; false if that is more than a window can hold. */
  widen(bytes: number): boolean {
    this.availableBytes += bytes;
    return this.availableBytes <= INT31_MAX;
  }
}

/** Who waits for room for a large message. */
interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * The room for messages that are larger than a stream's first window, shared by a connection's
 * streams: first come, first served. Invariant: what is lent never exceeds the total, unless one
 * message alone does.
 */
export class LargeMessageRoom {
  readonly #totalBytes: number;
  #lentBytes = 0;
  readonly #waiting = new Set<Waiter>();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** Calls `grant` when `bytes` are free, at once or later. The result takes the loan back. */
  borrow(bytes: number, grant: () => void): () => void {
    const waiter: Waiter = { bytes, grant };
    this.#waiting.add(waiter);
    this.#serve();
    let isReturned = false;
    return () => {
      if (isReturned) return;
      isReturned = true;
      if (!this.#waiting.delete(waiter)) this.#lentBytes -= bytes;
      this.#serve();
    };
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      if (this.#lentBytes > 0 && this.#lentBytes + waiter.bytes > this.#totalBytes) return;
      this.#waiting.delete(waiter);
      this.#lentBytes += waiter.bytes;
      waiter.grant();
    }
  }
}
