import type { FetchHandler } from "../api/fetch_handler.ts";
import { writeAll } from "./socket_pipe.ts";

/** What goes through at a time. */
const CHUNK_BYTES = 65_536;

/**
 * HTTP/1.1 and WebSockets on connections that somebody else has accepted and looked into.
 *
 * Why a detour: Deno's server is the fastest and most tried one there is, but it accepts only for
 * itself, and what has been read from a connection cannot be put back. So it listens on a socket that
 * only this user can reach, and each connection is joined to one of its own. Measured, this is twice
 * as fast as the server of `node:http`, which can be handed a connection.
 */
export class Http1Server implements AsyncDisposable {
  readonly #server: Deno.HttpServer;
  readonly #cut: AbortController;
  readonly #connect: () => Promise<Deno.Conn>;
  /** Where the socket is, unless it is a port. */
  readonly #dir: string | null;

  private constructor(
    server: Deno.HttpServer,
    cut: AbortController,
    connect: () => Promise<Deno.Conn>,
    dir: string | null,
  ) {
    this.#server = server;
    this.#cut = cut;
    this.#connect = connect;
    this.#dir = dir;
  }

  /** Starts the server. `handler` answers its requests. */
  static async open(handler: FetchHandler): Promise<Http1Server> {
    const cut = new AbortController();
    const options = { signal: cut.signal, onListen: () => {}, onError: failed };
    if (Deno.build.os === "windows") {
      const server = Deno.serve({ ...options, hostname: "127.0.0.1", port: 0 }, handler);
      const { port } = server.addr;
      const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
      return new Http1Server(server, cut, connect, null);
    }
    const dir = await Deno.makeTempDir({ prefix: "kvorum-" });
    const path = `${dir}/http1`;
    const server = Deno.serve({ ...options, path }, handler);
    return new Http1Server(server, cut, () => Deno.connect({ transport: "unix", path }), dir);
  }

  /** Serves a connection until it ends, beginning with what was read from it already. */
  async take(client: Deno.Conn, first: Uint8Array): Promise<void> {
    const server = await this.#connect();
    try {
      await writeAll(server, first);
      await Promise.all([carry(client, server), carry(server, client)]);
    } catch {
      // One of the two has broken off: closing both tells the other.
    } finally {
      client.close();
      server.close();
    }
  }

  /** Lets requests under way finish for `graceMs`, then cuts them off. */
  async shutdown(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#cut.abort(), graceMs);
    await this.#server.shutdown();
    clearTimeout(timer);
    if (this.#dir !== null) await Deno.remove(this.#dir, { recursive: true });
  }

  /** Cuts everything off. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown(0);
  }
}

function failed(): Response {
  return new Response(null, { status: 500 });
}

/** Carries all that `from` says to `to`, and then its silence: one side may end before the other. */
async function carry(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const length = await from.read(buffer);
    if (length === null) break;
    await writeAll(to, buffer.subarray(0, length));
  }
  await to.closeWrite();
}
