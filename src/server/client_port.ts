import { GrpcCode, RpcError } from "../api/errors.ts";
import type { FetchHandler } from "../api/fetch_handler.ts";
import type { GrpcLookup } from "../api/grpc/handlers.ts";
import { ByteBudget } from "../base/byte_budget.ts";
import type { Clock } from "../base/clock.ts";
import { UNREAD_BYTES_MAX } from "../http2/limits.ts";
import type { Http2Limits } from "../http2/limits.ts";
import { type Http2Options, type Http2Served, serveHttp2Connection } from "../http2/serve.ts";
import { bindError } from "./bind_error.ts";
import { withoutHttp2Offer } from "./h2c_upgrade.ts";
import { Http1Server } from "./http1_server.ts";
import { type ListenUrl, parseListenUrl } from "./listen_url.ts";
import type { Socket } from "./socket.ts";
import { SocketPipe } from "./socket_pipe.ts";
import type { TlsFiles } from "./tls_files.ts";
import { type TlsHandlers, TlsListener } from "./tls_listener.ts";
import { removeStaleSocket } from "./unix_socket.ts";

/** What HTTP/2 with prior knowledge begins with, as far as it takes to tell. Ref: RFC 9113 §3.4. */
const PREFACE_START = "PRI";
/** By when a connection must have said enough to be told apart. */
const FIRST_BYTES_MS = 30_000;
/** How long requests under way may take to finish when the server shuts down. */
const GRACE_MS = 300;
/** How long to wait when a connection could not be accepted, as without free file descriptors. */
const ACCEPT_PAUSE_MS = 100;

type Address = Omit<ListenUrl, "url">;

/** What answers on the port. */
export interface ClientHandlers {
  readonly grpc: GrpcLookup;
  readonly fetch: FetchHandler;
}

/** What the port needs. */
export interface ClientPortOptions {
  readonly clock: Clock;
  /** The bounds of one HTTP/2 connection. */
  readonly http2: Partial<Http2Limits>;
  /** Whether HTTP/1.1 is spoken here, too. */
  readonly servesHttp1: boolean;
  /** The certificates for `https`. */
  readonly tls: TlsFiles | null;
  /** Is told what goes wrong before a connection is one, and which certificates are new. */
  readonly onTlsEvent: Omit<TlsHandlers, "onConnection">;
  /** Is told what goes wrong on HTTP/2 connections. */
  readonly onEvent: NonNullable<Http2Options["onEvent"]>;
}

/**
 * The port for clients: on each address gRPC and any other HTTP/2, HTTP/1.1 and WebSockets, told
 * apart by the first bytes. Until there are handlers everything is answered "not yet".
 */
export class ClientPort implements AsyncDisposable {
  readonly #options: ClientPortOptions;
  readonly #http1: Http1Server | null;
  readonly #listeners: { close(): void }[] = [];
  readonly #http2 = new Set<Http2Served>();
  /** What the unread data of all its HTTP/2 connections may take. */
  readonly #unread = new ByteBudget(UNREAD_BYTES_MAX);
  /** Connections that have not said enough to be told apart. */
  readonly #silent = new Set<Socket>();
  /** Everything that must have ended before the port is closed. */
  readonly #work = new Set<Promise<void>>();
  #handlers: ClientHandlers = STARTING;
  #isClosing = false;

  private constructor(options: ClientPortOptions, http1: Http1Server | null) {
    this.#options = options;
    this.#http1 = http1;
  }

  /**
   * Binds every URL of a flag.
   *
   * @throws {CommandError} naming the flag, the address and what to do, with nothing left bound.
   */
  static async bind(
    flag: string,
    urls: readonly string[],
    options: ClientPortOptions,
  ): Promise<ClientPort> {
    const http1 = options.servesHttp1
      ? new Http1Server((request) => port.#handlers.fetch(request), options.clock)
      : null;
    const port: ClientPort = new ClientPort(options, http1);
    const addresses = urls.map((url) => parseListenUrl(flag, url));
    for (const { url, ...address } of addresses) {
      try {
        await port.#listen(address, addresses.some((other) => isCounterpart(other, address)));
      } catch (error) {
        await port[Symbol.asyncDispose]();
        throw bindError(flag, url, error);
      }
    }
    return port;
  }

  /** @param isShared Whether `http` and `https` are both asked for at this address. */
  async #listen({ hostname, port, isSecure, path }: Address, isShared: boolean): Promise<void> {
    const { tls, onTlsEvent } = this.#options;
    if (isSecure && tls !== null) {
      const onConnection = (socket: Socket) => this.#run(this.#serveConnection(socket));
      const address = { hostname, port, protocols: ["h2", "http/1.1"], takesPlain: isShared };
      const handlers = { ...onTlsEvent, onConnection };
      this.#listeners.push(await TlsListener.listen(address, tls, handlers));
    } else if (!isShared) {
      const listener = path === null ? Deno.listen({ hostname, port }) : listenUnix(path);
      this.#listeners.push(listener);
      this.#run(this.#accept(listener));
    }
  }

  /** From now on requests go to `handlers`. */
  serve(handlers: ClientHandlers): void {
    this.#handlers = handlers;
  }

  /** Counts `task` among the work until it has ended. It must not reject. */
  #run(task: Promise<void>): void {
    this.#work.add(task);
    task.finally(() => this.#work.delete(task));
  }

  async #accept(listener: Deno.TcpListener | Deno.UnixListener): Promise<void> {
    while (!this.#isClosing) {
      try {
        const socket = await listener.accept();
        if ("setNoDelay" in socket) socket.setNoDelay(true);
        this.#run(this.#serveConnection(socket));
      } catch {
        if (this.#isClosing) return;
        await new Promise<void>((resolve) => this.#options.clock.after(ACCEPT_PAUSE_MS, resolve));
      }
    }
  }

  async #serveConnection(socket: Socket): Promise<void> {
    const { clock } = this.#options;
    this.#silent.add(socket);
    const timer = clock.after(FIRST_BYTES_MS, () => closeQuietly(socket));
    const first = await firstBytes(socket);
    timer.stop();
    this.#silent.delete(socket);
    if (first === null || this.#isClosing) closeQuietly(socket);
    else if (isHttp2(first)) await this.#serveHttp2(socket, first);
    else if (this.#http1 === null) closeQuietly(socket);
    else await this.#http1.take(socket, withoutHttp2Offer(first));
  }

  async #serveHttp2(socket: Socket, first: Uint8Array): Promise<void> {
    const { clock, http2, onEvent } = this.#options;
    const served = serveHttp2Connection(new SocketPipe(socket, first), {
      grpc: (path) => this.#handlers.grpc(path),
      fetch: (request) => this.#handlers.fetch(request),
      clock,
      limits: { ...http2, drainMs: GRACE_MS },
      unread: this.#unread,
      onEvent,
    });
    this.#http2.add(served);
    await served.closed;
    this.#http2.delete(served);
  }

  /** Stops accepting, lets what is being answered finish for a moment, then cuts it off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#silent) closeQuietly(socket);
    await Promise.all([
      ...[...this.#http2].map((served) => served.shutdown()),
      this.#http1?.shutdown(GRACE_MS),
      ...this.#work,
    ]);
  }
}

function listenUnix(path: string): Deno.UnixListener {
  removeStaleSocket(path);
  return Deno.listen({ transport: "unix", path });
}

/** Whether one of two addresses is the other one with TLS. */
function isCounterpart(one: Address, other: Address): boolean {
  return one.path === null && one.hostname === other.hostname && one.port === other.port &&
    one.isSecure !== other.isSecure;
}

/** What answers while the replica opens its storage. */
const STARTING: ClientHandlers = {
  grpc: () => ({
    kind: "stream",
    handle: () => Promise.reject(new RpcError(GrpcCode.Unavailable, "kvorum: starting")),
  }),
  fetch: () =>
    Promise.resolve(
      new Response("starting\n", { status: 503, headers: { "retry-after": "1" } }),
    ),
};

/** What a connection begins with, as much as it takes to tell its protocol; null if it has ended. */
async function firstBytes(socket: Socket): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(4_096);
  let length = 0;
  try {
    while (length === 0 || length < PREFACE_START.length && isHttp2(buffer.subarray(0, length))) {
      const read = await socket.read(buffer.subarray(length));
      if (read === null) return null;
      length += read;
    }
    return buffer.subarray(0, length);
  } catch {
    // It has broken off, or was closed because it said nothing.
    return null;
  }
}

/** Whether `bytes` begin, as far as they go, as HTTP/2 does. */
function isHttp2(bytes: Uint8Array): boolean {
  for (let i = 0; i < PREFACE_START.length && i < bytes.length; i++) {
    if (bytes[i] !== PREFACE_START.charCodeAt(i)) return false;
  }
  return true;
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}
