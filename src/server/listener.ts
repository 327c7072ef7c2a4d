import { bindError } from "./bind_error.ts";
import { parseListenUrl } from "./listen_url.ts";

/** Answers a request of one connection. */
export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/** How long requests under way may take to finish when the server shuts down. */
const GRACE_MS = 300;

/** Ports that are bound. Until a handler is set every request is answered 503. */
export class Listener implements AsyncDisposable {
  readonly #servers: Deno.HttpServer<Deno.NetAddr>[] = [];
  #handler: Handler = () =>
    new Response("starting\n", { status: 503, headers: { "retry-after": "1" } });

  private constructor() {}

  /**
   * Binds every URL of a flag.
   *
   * @throws {CommandError} naming the flag, the address and what to do, with nothing left bound.
   */
  static async bind(flag: string, urls: readonly string[]): Promise<Listener> {
    const listener = new Listener();
    try {
      for (const url of urls) listener.#bind(flag, url);
      return listener;
    } catch (error) {
      await listener[Symbol.asyncDispose]();
      throw error;
    }
  }

  #bind(flag: string, text: string): void {
    const { hostname, port } = parseListenUrl(flag, text);
    try {
      this.#servers.push(
        Deno.serve(
          {
            hostname,
            port,
            onListen: () => {},
            onError: () => new Response(null, { status: 500 }),
          },
          (request, info) => this.#handler(request, info),
        ),
      );
    } catch (error) {
      throw bindError(flag, text, error);
    }
  }

  /** From now on requests go to `handler`. */
  serve(handler: Handler): void {
    this.#handler = handler;
  }

  /**
   * Stops accepting and lets what is being answered finish for a moment. What does not end by then
   * ends with the process: Deno's server has no way to cut it off.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: timeUp, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    await Promise.race([timeUp, Promise.all(this.#servers.map((server) => server.shutdown()))]);
    clearTimeout(timer);
  }
}
