import type { FetchHandler } from "../api/fetch_handler.ts";
import type { Clock, Stoppable } from "../base/clock.ts";
import { JoinedConnection } from "./joined_connection.ts";
import { type Socket, writeAll } from "./socket.ts";

/** What goes through at a time. */
const CHUNK_BYTES = 65_536;
const LOOPBACK = "127.0.0.1";
/** How often clients are looked for that let themselves be waited for. */
const PATIENCE_CHECK_MS = 1_000;

/**
 * HTTP/1.1 and WebSockets on connections that somebody else has accepted and looked into.
 *
 * Why a detour: Deno's server is the fastest and most tried one there is, but it accepts only for
 * itself, and what has been read from a connection cannot be put back. So it listens on a port of its
 * own, and each connection is joined to one of its own. Measured, a busy replica of one serves about
 * two thirds of what it serves without (`--listen-client-http-urls`); the server of `node:http`,
 * which can be handed a connection, is half as fast.
 *
 * How much of a request's head may come is Deno's to say: there is no setting for it. How long it may
 * take is ours (`joined_connection.ts`), and so is the body (`api/gateway/body_intake.ts`).
 *
 * Safety: the port serves nobody but this process: requests on connections that did not begin here
 * are refused.
 */
export class Http1Server {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Our ends of the connections, by their port. */
  readonly #joined = new Map<number, JoinedConnection>();
  /** What ends when each connection has ended. */
  readonly #serving = new Set<Promise<void>>();
  readonly #clock: Clock;
  #patience: Stoppable | null = null;

  /** Starts the server. `handler` answers its requests. */
  constructor(handler: FetchHandler, clock: Clock) {
    this.#clock = clock;
    this.#server = Deno.serve(
      {
        hostname: LOOPBACK,
        port: 0,
        onListen: () => {},
        onError: () => new Response(null, { status: 500 }),
      },
      (request, info) => {
        const connection = this.#joined.get(info.remoteAddr.port);
        return connection === undefined
          ? new Response("This port is for Kvorum itself.\n", { status: 403 })
          : respond(handler, request, connection, info.completed);
      },
    );
  }

  /** Where the server listens. */
  get port(): number {
    return this.#server.addr.port;
  }

  /** Serves a connection until it ends, beginning with what was read from it already. */
  async take(client: Socket, first: Uint8Array): Promise<void> {
    const serving = this.#join(client, first);
    this.#serving.add(serving);
    await serving;
    this.#serving.delete(serving);
  }

  async #join(client: Socket, first: Uint8Array): Promise<void> {
    const server = await this.#connect();
    if (server === null) return client.close();
    const connection = new JoinedConnection(client, server, this.#clock.nowMs());
    const { port } = server.localAddr;
    this.#joined.set(port, connection);
    this.#patience ??= this.#clock.every(PATIENCE_CHECK_MS, () => this.#endOverdue());
    try {
      await writeAll(server, first);
      this.#listen(connection);
      // A client that has said all still waits for the answer: the server says when it is over.
      await carry(server, client, () => {});
    } catch {
      // One of the two has broken off, or was given up. Closing both tells the other.
    }
    connection.close();
    this.#joined.delete(port);
    if (this.#joined.size === 0) this.#stopWaiting();
  }

  async #connect(): Promise<Deno.TcpConn | null> {
    try {
      const server = await Deno.connect({ hostname: LOOPBACK, port: this.port });
      server.setNoDelay(true);
      return server;
    } catch {
      // The server has stopped.
      return null;
    }
  }

  /** Carries what the client says. It ends by itself when the connection does. */
  async #listen(connection: JoinedConnection): Promise<void> {
    const { client, server } = connection;
    try {
      await carry(client, server, () => connection.heard(this.#clock.nowMs()));
      connection.left(this.#clock.nowMs());
    } catch {
      // The client has gone without a word, or the connection is over.
      connection.close();
    }
  }

  #endOverdue(): void {
    const nowMs = this.#clock.nowMs();
    for (const connection of this.#joined.values()) {
      if (connection.isOverdue(nowMs)) connection.close();
    }
  }

  #stopWaiting(): void {
    this.#patience?.stop();
    this.#patience = null;
  }

  /**
   * Lets requests under way finish for `graceMs`, then cuts them off. A handler that does not notice
   * is not waited for.
   */
  async shutdown(graceMs: number): Promise<void> {
    const { promise: timeUp, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    // What the server says last is still on its way when it has finished.
    const finished = this.#server.shutdown().then(() => Promise.all(this.#serving));
    await Promise.race([timeUp, finished]);
    clearTimeout(timer);
    for (const connection of this.#joined.values()) connection.close();
    await Promise.all(this.#serving);
  }
}

/** Answers a request; as long as that takes, its client has all the time there is. */
async function respond(
  handler: FetchHandler,
  request: Request,
  connection: JoinedConnection,
  completed: Promise<void>,
): Promise<Response> {
  connection.requestBegan();
  completed.catch(() => "its client has gone").finally(() => connection.requestEnded());
  return await handler(request);
}

/** Carries all that `from` says to `to`, and then its silence: one side may end before the other. */
async function carry(from: Socket, to: Socket, onBytes: () => void): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const length = await from.read(buffer);
    if (length === null) break;
    onBytes();
    await writeAll(to, buffer.subarray(0, length));
  }
  await to.closeWrite();
}
