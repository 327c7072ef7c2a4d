import type { FetchHandler } from "../api/fetch_handler.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { bindError } from "./bind_error.ts";
import { CommandError } from "./command_error.ts";
import { Http1Server } from "./http1_server.ts";
import { parseListenUrl } from "./listen_url.ts";
import type { TlsFiles } from "./tls_files.ts";
import { type TlsHandlers, TlsListener } from "./tls_listener.ts";
import { removeStaleSocket } from "./unix_socket.ts";

/** How long requests under way may take to finish when the server shuts down. */
const GRACE_MS = 300;

/** What a listener needs. */
export interface ListenerOptions {
  readonly clock: Clock;
  /** The certificates for `https`. */
  readonly tls: TlsFiles | null;
  /** Is told what goes wrong before a connection is one, and which certificates are new. */
  readonly onTlsEvent: Omit<TlsHandlers, "onConnection">;
}

/** Ports for HTTP/1.1 alone. Until a handler is set every request is answered 503. */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #servers: Deno.HttpServer<Deno.Addr>[] = [];
  readonly #secure: TlsListener[] = [];
  /** What serves the connections with TLS. */
  #http1: Http1Server | null = null;
  #handler: FetchHandler = () =>
    Promise.resolve(
      new Response("starting\n", { status: 503, headers: { "retry-after": "1" } }),
    );

  private constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /**
   * Binds every URL of a flag.
   *
   * @throws {CommandError} naming the flag, the address and what to do, with nothing left bound.
   */
  static async bind(
    flag: string,
    urls: readonly string[],
    options: ListenerOptions,
  ): Promise<Listener> {
    const listener = new Listener(options);
    for (const url of urls) {
      try {
        await listener.#bind(flag, url);
      } catch (error) {
        await listener[Symbol.asyncDispose]();
        throw bindError(flag, url, error);
      }
    }
    return listener;
  }

  async #bind(flag: string, text: string): Promise<void> {
    const { hostname, port, isSecure, path } = parseListenUrl(flag, text);
    if (isSecure) return await this.#bindSecure(flag, hostname, port);
    const quiet = {
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    };
    const handler = (request: Request) => this.#handler(request);
    if (path !== null) removeStaleSocket(path);
    this.#servers.push(
      path === null
        ? Deno.serve({ hostname, port, ...quiet }, handler)
        : Deno.serve({ path, ...quiet }, handler),
    );
  }

  async #bindSecure(flag: string, hostname: string, port: number): Promise<void> {
    const { tls, clock, onTlsEvent } = this.#options;
    if (tls === null) throw new CommandError(`--${flag} has an https URL: give a certificate`);
    const http1 = this.#http1 ??= new Http1Server((request) => this.#handler(request), clock);
    const address = { hostname, port, protocols: ["http/1.1"], takesPlain: false };
    this.#secure.push(
      await TlsListener.listen(address, tls, {
        ...onTlsEvent,
        onConnection: (socket) => http1.take(socket, EMPTY_BYTES),
      }),
    );
  }

  /** From now on requests go to `handler`. */
  serve(handler: FetchHandler): void {
    this.#handler = handler;
  }

  /**
   * Stops accepting and lets what is being answered finish for a moment. What does not end by then
   * ends with the process: Deno's server has no way to cut it off.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#secure) listener.close();
    const { promise: timeUp, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    await Promise.race([timeUp, Promise.all(this.#servers.map((server) => server.shutdown()))]);
    clearTimeout(timer);
    await this.#http1?.shutdown(GRACE_MS);
  }
}
