import type { FetchHandler } from "../api/fetch_handler.ts";
import { type Socket, writeAll } from "./socket.ts";

/** What goes through at a time. */
const CHUNK_BYTES = 65_536;
const LOOPBACK = "127.0.0.1";

/**
 * HTTP/1.1 and WebSockets on connections that somebody else has accepted and looked into.
 *
 * Why a detour: Deno's server is the fastest and most tried one there is, but it accepts only for
 * itself, and what has been read from a connection cannot be put back. So it listens on a port of its
 * own, and each connection is joined to one of its own. Measured, a busy replica of one serves about
 * two thirds of what it serves without (`--listen-client-http-urls`); the server of `node:http`,
 * which can be handed a connection, is half as fast.
 *
 * Safety: the port serves nobody but this process: requests on connections that did not begin here
 * are refused.
 */
export class Http1Server {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Our ends of the connections, by their port. */
  readonly #joined = new Map<number, Deno.TcpConn>();

  /** Starts the server. `handler` answers its requests. */
  constructor(handler: FetchHandler) {
    this.#server = Deno.serve(
      {
        hostname: LOOPBACK,
        port: 0,
        onListen: () => {},
        onError: () => new Response(null, { status: 500 }),
      },
      (request, { remoteAddr }) =>
        this.#joined.has(remoteAddr.port)
          ? handler(request)
          : new Response("This port is for Kvorum itself.\n", { status: 403 }),
    );
  }

  /** Where the server listens. */
  get port(): number {
    return this.#server.addr.port;
  }

  /** Serves a connection until it ends, beginning with what was read from it already. */
  async take(client: Socket, first: Uint8Array): Promise<void> {
    let server: Deno.TcpConn | null = null;
    try {
      server = await Deno.connect({ hostname: LOOPBACK, port: this.port });
      server.setNoDelay(true);
      this.#joined.set(server.localAddr.port, server);
      await writeAll(server, first);
      await Promise.all([carry(client, server), carry(server, client)]);
    } catch {
      // One of the two has broken off, or the server has stopped: closing both tells the other.
    } finally {
      client.close();
      if (server !== null && this.#joined.delete(server.localAddr.port)) server.close();
    }
  }

  /** Lets requests under way finish for `graceMs`, then cuts them off. */
  async shutdown(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#cut(), graceMs);
    await this.#server.shutdown();
    clearTimeout(timer);
    this.#cut();
  }

  #cut(): void {
    for (const server of this.#joined.values()) server.close();
    this.#joined.clear();
  }
}

/** Carries all that `from` says to `to`, and then its silence: one side may end before the other. */
async function carry(from: Socket, to: Socket): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const length = await from.read(buffer);
    if (length === null) break;
    await writeAll(to, buffer.subarray(0, length));
  }
  await to.closeWrite();
}
