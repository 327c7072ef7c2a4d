import { ByteBudget } from "../base/byte_budget.ts";
import type { Clock, Stoppable } from "../base/clock.ts";
import type { BytePipe } from "./byte_pipe.ts";
import { type ConnectionHost, Http2Connection } from "./connection.ts";
import { ErrorCode } from "./error_code.ts";
import type { Http2Event } from "./event.ts";
import { FetchExchange, type FetchHandler } from "./fetch_exchange.ts";
import type { CallContext } from "./grpc/call_state.ts";
import { Deadlines } from "./grpc/deadlines.ts";
import type { GrpcHandler } from "./grpc/handler.ts";
import { isGrpc, openCall } from "./grpc/open_call.ts";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits, UNREAD_BYTES_MAX } from "./limits.ts";
import type { RequestHead } from "./request_head.ts";
import type { Stream, StreamConsumer } from "./stream.ts";

/** After our last word, how long the peer has to read it before the socket is closed. */
const LINGER_MS = 500;

/** What a connection is served with. */
export interface Http2Options {
  /** Finds the handler of a full method such as `/etcdserverpb.KV/Range`, or `null`. */
  readonly grpc: (path: string) => GrpcHandler | null;
  /** Answers every request that is not gRPC. */
  readonly fetch: FetchHandler;
  /** Time and the end of a turn. */
  readonly clock: Clock;
  /** What differs from {@linkcode DEFAULT_HTTP2_LIMITS}. */
  readonly limits?: Partial<Http2Limits>;
  /**
   * What unread data may take, shared with other connections. Past it requests that are not whole are
   * refused.
   */
  readonly unread?: ByteBudget;
  /** Is told what goes wrong, for logs and metrics. It must not throw. */
  readonly onEvent?: (event: Http2Event) => void;
}

/** A connection that is being served. */
export interface Http2Served {
  /** Resolves when the socket is closed and no timer runs. It never rejects. */
  readonly closed: Promise<void>;
  /** Takes no more requests, waits for those that run (at most `drainMs`), and closes. */
  shutdown(): Promise<void>;
  /** Cancels what runs and closes. */
  close(): void;
}

/** Serves HTTP/2, from the client's preface on, over a pipe of bytes. It owns the pipe. */
export function serveHttp2Connection(pipe: BytePipe, options: Http2Options): Http2Served {
  return new ServedConnection(pipe, options);
}

/** Carries bytes between the socket and the connection: one read, one write, one flush a turn. */
class ServedConnection implements Http2Served, ConnectionHost {
  readonly closed: Promise<void>;
  readonly clock: Clock;
  readonly limits: Http2Limits;
  readonly unread: ByteBudget;
  readonly #pipe: BytePipe;
  readonly #options: Http2Options;
  readonly #calls: CallContext;
  readonly #connection: Http2Connection;
  readonly #timers = new Set<Stoppable>();
  #isFlushDue = false;
  #isClosed = false;
  /** What the socket is taking now. */
  #writing: Uint8Array | null = null;
  #writes = 0;
  #stallTimer: Stoppable | null = null;
  #isLingering = false;
  /** Goes on reading when the socket has taken enough. */
  #onRoom: (() => void) | null = null;

  constructor(pipe: BytePipe, options: Http2Options) {
    this.#pipe = pipe;
    this.#options = options;
    this.clock = options.clock;
    this.limits = { ...DEFAULT_HTTP2_LIMITS, ...options.limits };
    this.unread = options.unread ?? new ByteBudget(UNREAD_BYTES_MAX);
    this.#calls = {
      clock: options.clock,
      deadlines: new Deadlines(options.clock),
      messageBytesMax: this.limits.messageBytesMax,
      streamQueueBytesMax: this.limits.streamQueueBytesMax,
      unfinishedMs: this.limits.unfinishedMs,
      onEvent: (event) => this.onEvent(event),
    };
    this.#connection = new Http2Connection(this);
    const handshake = this.#after(this.limits.handshakeMs, () => {
      if (this.#connection.isGreeted) return;
      this.#connection.fail(ErrorCode.SETTINGS_TIMEOUT, "the client does not introduce itself");
    });
    this.closed = this.#run(handshake);
  }

  #after(delayMs: number, fn: () => void): Stoppable {
    const timer = this.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
    return timer;
  }

  async #run(handshake: Stoppable): Promise<void> {
    try {
      for (;;) {
        const chunk = await this.#pipe.read();
        if (chunk === null) break;
        if (!this.#connection.isOver) this.#connection.receive(chunk);
        if (this.#connection.isGreeted) handshake.stop();
        if (this.#isOutputFull) await new Promise<void>((resolve) => this.#onRoom = resolve);
      }
    } catch (error) {
      // A socket that fails is one that is closed; whose fault it is does not matter here.
      this.onEvent({ kind: "connection_error", code: ErrorCode.NO_ERROR, message: String(error) });
    }
    this.#connection.disconnect();
    this.#close();
  }

  get #isOutputFull(): boolean {
    const { isOver, sender } = this.#connection;
    return !isOver && this.#writing !== null && sender.out.length >= this.limits.outputBytesMax;
  }

  onRequest(stream: Stream, head: RequestHead): StreamConsumer {
    if (isGrpc(head)) return openCall(stream, head, this.#options.grpc, this.#calls);
    const exchange = new FetchExchange(stream, head, this.#options.fetch, this.#calls);
    exchange.begin();
    return exchange;
  }

  onEvent(event: Http2Event): void {
    this.#options.onEvent?.(event);
  }

  wantsFlush(): void {
    if (this.#isFlushDue || this.#isClosed) return;
    this.#isFlushDue = true;
    this.clock.defer(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushDue = false;
    if (this.#isClosed) return;
    if (this.#writing !== null) {
      this.#watchForStall();
      return;
    }
    const { sender, isOver } = this.#connection;
    sender.pump();
    if (sender.out.length > 0) {
      this.#writing = sender.out.take();
      this.#writes++;
      this.#pipe.write(this.#writing).then(this.#onWritten, this.#onWriteFailed);
    } else if (isOver) this.#linger();
  };

  readonly #onWritten = (): void => {
    const { sender } = this.#connection;
    if (this.#writing !== null) sender.out.giveBack(this.#writing);
    this.#writing = null;
    // What gathered meanwhile goes at once, and makes room for data that waits.
    this.#flush();
    if (!this.#isOutputFull) this.#goOnReading();
  };

  readonly #onWriteFailed = (): void => {
    this.#connection.disconnect();
    this.#close();
  };

  #goOnReading(): void {
    this.#onRoom?.();
    this.#onRoom = null;
  }

  /** Something waits while a write is under way: it must end some time. */
  #watchForStall(): void {
    if (this.#stallTimer !== null) return;
    const write = this.#writes;
    this.#stallTimer = this.#after(this.limits.writeStallMs, () => {
      this.#stallTimer = null;
      if (this.#writing === null || this.#writes !== write) return;
      this.#connection.fail(ErrorCode.NO_ERROR, "the client does not read");
      this.#close();
    });
  }

  /** All is said. The socket stays open a little: closing it at once could destroy our last word. */
  #linger(): void {
    if (this.#isLingering) return;
    this.#isLingering = true;
    this.#goOnReading();
    this.#after(LINGER_MS, () => this.#close());
  }

  async shutdown(): Promise<void> {
    this.#connection.drain();
    if (!this.#isClosed) this.#after(this.limits.drainMs, () => this.close());
    await this.closed;
  }

  close(): void {
    this.#connection.disconnect();
    this.wantsFlush();
    if (!this.#isClosed) this.#linger();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) timer.stop();
    this.#timers.clear();
    this.#calls.deadlines.stop();
    this.#goOnReading();
    this.#pipe.close();
  }
}
