import type { Socket } from "./socket.ts";

/** A request must be there in full, up to its body, so long after its first byte. */
export const REQUEST_HEAD_MS = 30_000;
/** How long the rest may take when the client has said that it will say nothing more. */
export const LEFT_MS = 5_000;

/**
 * A client's connection to the HTTP/1.1 server, as far as patience is concerned.
 *
 * Why: Deno's server waits for ever for a request that has begun, and at times it does not notice a
 * client that leaves while its body is being read.
 */
export class JoinedConnection {
  readonly client: Socket;
  /** Our end of the connection to the server. */
  readonly server: Deno.TcpConn;
  #isClosed = false;
  /** Since when the client is waited for, or null while it is not its turn. */
  #waitingSinceMs: number | null;
  #requestsUnderWay = 0;
  #hasLeft = false;

  constructor(client: Socket, server: Deno.TcpConn, nowMs: number) {
    this.client = client;
    this.server = server;
    this.#waitingSinceMs = nowMs;
  }

  /** The client has said something, which begins a request unless it belongs to the last one. */
  heard(nowMs: number): void {
    if (this.#requestsUnderWay === 0) this.#waitingSinceMs ??= nowMs;
  }

  /** The client will say nothing more. */
  left(nowMs: number): void {
    this.#hasLeft = true;
    this.#waitingSinceMs = nowMs;
  }

  /** A request has been understood and is being answered; a WebSocket is so for all its life. */
  requestBegan(): void {
    this.#requestsUnderWay++;
    if (!this.#hasLeft) this.#waitingSinceMs = null;
  }

  /** A request has been answered. */
  requestEnded(): void {
    this.#requestsUnderWay--;
  }

  /** Ends both halves: whoever reads or writes on either fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.client.close();
    this.server.close();
  }

  /** Whether it has been waited for long enough. */
  isOverdue(nowMs: number): boolean {
    const patienceMs = this.#hasLeft ? LEFT_MS : REQUEST_HEAD_MS;
    return this.#waitingSinceMs !== null && nowMs - this.#waitingSinceMs >= patienceMs;
  }
}
