import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../base/limits.ts";
import { MalformedBytesError } from "../base/byte_reader.ts";
import type { Clock, Stoppable } from "../base/clock.ts";
import { type AnswerItems, writeCancel } from "../proto/multiplex/frame.ts";
import type { ServerHello } from "../proto/multiplex/hello.ts";
import { Connection, type Patience } from "./connection.ts";
import type { Endpoints } from "./endpoints.ts";
import { isBusy, isForgotten, KvorumError, outcomeUnknown, refusal } from "./errors.ts";
import { InFlight } from "./in_flight.ts";
import { LeaderSearch } from "./leader_search.ts";
import type { ClientMethod } from "./methods.ts";
import { PendingCall } from "./pending_call.ts";
import { StreamTable } from "./stream_table.ts";
import type { CallOptions, ClientStream, ClientTransport } from "./transport.ts";
import { WriteWindow } from "./write_window.ts";

/** How often deadlines and the server's silence are looked at. */
const CHECK_MS = 50;
/** The pause before a refused call is sent again, doubled each time. */
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 1_000;
/** A server that cannot serve is left for another one no more often than this. */
const MOVE_PAUSE_MS = 500;

/** What a {@linkcode MultiplexTransport} is made with. */
export interface MultiplexTransportOptions {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly patience: Patience;
  /** Whether to look for the leader among the endpoints. */
  readonly prefersLeader: boolean;
  /** The client's random name: its writes are applied once under it. Not zero. */
  readonly client: bigint;
}

/**
 * Calls and streams over one connection at a time, which is replaced when it breaks or falls silent.
 * Calls live longer than connections: what may be sent again is sent again.
 *
 * Safety: a read may be sent again. A write carries the client's name and a number, under which the
 * cluster applies it once, whichever server it reaches how often. Anything else is sent once.
 */
export class MultiplexTransport implements ClientTransport {
  readonly #endpoints: Endpoints;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #client: bigint;
  readonly #leaderSearch: LeaderSearch | null;
  /** All calls that were not answered, by name; the oldest first. */
  readonly #pending = new Map<number, PendingCall>();
  readonly #writes = new WriteWindow();
  /** Calls that have to be sent over the present connection or the next one, from `#unsentFrom` on. */
  #unsent: PendingCall[] = [];
  #unsentFrom = 0;
  readonly #inFlight = new InFlight();
  readonly #streams = new StreamTable(() => this.#ready);
  #connection: Connection | null = null;
  #redial: Stoppable | null = null;
  #timer: Stoppable | null = null;
  readonly #retries = new Set<Stoppable>();
  #lastId = 0;
  #clusterId: bigint | null = null;
  #mayMoveAtMs = 0;
  #lastFailure = "no endpoint has answered yet";
  #isClosed = false;

  constructor(options: MultiplexTransportOptions) {
    this.#endpoints = options.endpoints;
    this.#clock = options.clock;
    this.#patience = options.patience;
    this.#client = options.client;
    this.#leaderSearch = options.prefersLeader
      ? new LeaderSearch(this.#endpoints.count, this.#clock, this)
      : null;
    this.#timer = this.#clock.every(CHECK_MS, () => this.#check());
    this.#connect();
  }

  call<Q extends object, A extends object, R>(
    method: ClientMethod<Q, A>,
    request: Q,
    toResult: (response: A) => R,
    { signal, deadlineMs }: CallOptions,
  ): Promise<R> {
    if (this.#isClosed) return Promise.reject(closed());
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<R>((resolve, reject) => {
      const call = new PendingCall(
        ++this.#lastId,
        method as unknown as ClientMethod<object, object>,
        request,
        toResult as (response: object) => unknown,
        this.#clock.nowMs() + deadlineMs,
        resolve as (result: unknown) => void,
        reject,
      );
      if (signal !== undefined) this.#heed(signal, call);
      this.#pending.set(call.id, call);
      this.#unsent.push(call);
      this.#sendMore();
    });
  }

  open<Q extends object, A extends object>(
    method: ClientMethod<Q, A>,
    request: Q,
  ): ClientStream<A> {
    const id = ++this.#lastId;
    const stream = this.#streams.open(id, method, request);
    if (this.#isClosed) this.#streams.failAll(closed());
    return stream;
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.#timer?.stop();
    this.#redial?.stop();
    for (const retry of this.#retries) retry.stop();
    for (const call of this.#pending.values()) call.fail(this.#unansweredError(call, closed()));
    this.#pending.clear();
    this.#streams.failAll(closed());
    this.#connection?.close("closed");
    this.#connection = null;
    return Promise.resolve();
  }

  #connect(): void {
    this.#redial = null;
    this.#inFlight.clear();
    const connection = new Connection(
      this.#endpoints.dial(),
      this.#client,
      this.#clock,
      this.#patience,
      {
        onReady: (hello) => this.#greet(hello),
        onItem: (item) => this.#receive(item),
        onFrameEnd: () => this.#sendMore(),
        onLost: (reason) => this.#lost(reason),
      },
    );
    this.#connection = connection;
  }

  #greet(hello: ServerHello): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#clusterId ??= hello.clusterId;
    if (hello.clusterId !== this.#clusterId) {
      // Safety: a write that another cluster takes would be lost for this one.
      connection.close("the endpoint belongs to another cluster");
      return;
    }
    if (this.#leaderSearch?.passesOver(hello)) {
      connection.close("the server does not lead");
      return;
    }
    this.#endpoints.succeeded();
    this.#streams.sendAll(connection);
    this.#sendMore();
  }

  /** The connection, once the server has introduced itself. */
  get #ready(): Connection | null {
    const connection = this.#connection;
    return connection === null || connection.hello === null ? null : connection;
  }

  /** Sends what waits, as far as the server and the identity of writes allow. */
  #sendMore(): void {
    const connection = this.#ready;
    if (connection === null) return;
    const limits = connection.hello as ServerHello;
    const unsent = this.#unsent;
    while (this.#unsentFrom < unsent.length) {
      const call = unsent[this.#unsentFrom];
      if (this.#pending.has(call.id)) {
        if (!this.#inFlight.hasRoom(limits) || !this.#mayIdentify(call)) return;
        this.#send(call, connection);
      }
      this.#unsentFrom++;
    }
    this.#unsent = [];
    this.#unsentFrom = 0;
  }

  /** Gives a write its number; false while it would run too far ahead. */
  #mayIdentify(call: PendingCall): boolean {
    if (call.method.kind !== "write" || call.sequence !== 0) return true;
    call.sequence = this.#writes.begin();
    return call.sequence !== 0;
  }

  #send(call: PendingCall, connection: Connection): void {
    const { writer } = connection;
    const before = writer.length;
    call.write(writer, this.#clock.nowMs());
    if (call.byteLength > REQUEST_BYTES_MAX + REQUEST_OVERHEAD_BYTES) {
      writer.truncate(before);
      call.byteLength = 0;
      this.#settle(call);
      call.fail(new KvorumError("INVALID_ARGUMENT", "etcdserver: request is too large"));
      return;
    }
    call.wasSent = true;
    this.#inFlight.add(call);
    connection.wrote();
  }

  #receive(item: AnswerItems): void {
    const call = this.#pending.get(item.id);
    if (call !== undefined) return this.#receiveAnswer(call, item);
    this.#inFlight.removeAbandoned(item.id);
    const error = this.#streams.receive(item);
    if (error?.retryable) this.#distrust(error);
  }

  #receiveAnswer(call: PendingCall, item: AnswerItems): void {
    this.#inFlight.remove(call);
    if (item.type === "answer") {
      this.#settle(call);
      call.answer(item.body);
    } else if (item.type === "error") {
      this.#refused(call, refusal(item.code, item.message));
    } else {
      throw new MalformedBytesError("Cannot take a stream's message as the answer to a call");
    }
  }

  /** A server could not serve a call. If that may change, it is tried again. */
  #refused(call: PendingCall, error: KvorumError): void {
    if (!error.retryable) {
      this.#settle(call);
      call.fail(isForgotten(error) ? outcomeUnknown(error) : error);
      return;
    }
    this.#lastFailure = error.message;
    if (!isBusy(error)) this.#distrust(error);
    if (call.method.kind === "once") return this.#giveUp(call, error);
    const pauseMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(call.refusals++, 10));
    if (this.#clock.nowMs() + pauseMs >= call.deadlineAtMs) return this.#giveUp(call, error);
    const retry = this.#clock.after(pauseMs, () => {
      this.#retries.delete(retry);
      if (!this.#pending.has(call.id)) return;
      this.#unsent.push(call);
      this.#sendMore();
    });
    this.#retries.add(retry);
  }

  /** This server cannot serve: another one may. An election is no reason, it is everywhere. */
  #distrust(error: KvorumError): void {
    const nowMs = this.#clock.nowMs();
    const isEverywhere = error.message === "etcdserver: leader changed";
    if (isEverywhere || this.#endpoints.count === 1 || nowMs < this.#mayMoveAtMs) return;
    this.#mayMoveAtMs = nowMs + MOVE_PAUSE_MS;
    const hello = this.#ready?.hello ?? null;
    if (hello !== null) this.#leave(hello, error.message);
  }

  /** Gives up the connection on which a server introduced itself so. */
  #leave(hello: ServerHello, reason: string): void {
    // Why later: the other answers in this frame still count.
    this.#clock.defer(() => {
      if (this.#ready?.hello === hello) this.#connection?.close(reason);
    });
  }

  #lost(reason: string): void {
    this.#connection = null;
    if (this.#isClosed) return;
    this.#lastFailure = reason;
    const error = new KvorumError("UNAVAILABLE", `connection lost: ${reason}`, { retryable: true });
    this.#streams.failSent(error);
    // Everything that is not waiting for a retry of its own goes out again, in its old order.
    const unanswered: PendingCall[] = [];
    for (const call of this.#pending.values()) {
      if (call.byteLength === 0) continue;
      call.byteLength = 0;
      if (call.method.kind === "once") this.#giveUp(call, error);
      else unanswered.push(call);
    }
    this.#unsent = [...unanswered, ...this.#unsent.slice(this.#unsentFrom)];
    this.#unsentFrom = 0;
    const pauseMs = this.#endpoints.failed();
    this.#redial = this.#clock.after(pauseMs, () => this.#connect());
  }

  #check(): void {
    const nowMs = this.#clock.nowMs();
    for (const call of this.#pending.values()) {
      if (call.deadlineAtMs > nowMs) continue;
      const message = `no answer by the deadline: ${this.#lastFailure}`;
      this.#giveUp(call, new KvorumError("DEADLINE_EXCEEDED", message));
    }
    const hello = this.#ready?.hello ?? null;
    if (hello !== null) {
      this.#leaderSearch?.check(
        hello,
        () => this.#leave(hello, "the server does not lead any more"),
      );
    }
    this.#connection?.check(this.#inFlight.count > 0 || this.#streams.count > 0);
    this.#sendMore();
  }

  #heed(signal: AbortSignal, call: PendingCall): void {
    const onAbort = () => {
      this.#settle(call);
      const connection = this.#ready;
      if (connection !== null && call.byteLength > 0) {
        writeCancel(call.id, connection.writer);
        connection.wrote();
      }
      call.fail(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    call.forgetSignal = () => signal.removeEventListener("abort", onAbort);
  }

  /** Nothing more happens to a call. */
  #settle(call: PendingCall): void {
    this.#pending.delete(call.id);
    this.#inFlight.abandon(call);
    if (call.sequence !== 0) this.#writes.settle(call.sequence);
  }

  /** A call without an answer fails. */
  #giveUp(call: PendingCall, error: KvorumError): void {
    this.#settle(call);
    call.fail(this.#unansweredError(call, error));
  }

  /** What the caller of a write that was sent must be told instead: nobody knows. */
  #unansweredError(call: PendingCall, error: KvorumError): KvorumError {
    return call.wasSent && call.method.kind !== "read" ? outcomeUnknown(error) : error;
  }
}

function closed(): KvorumError {
  return new KvorumError("CANCELLED", "the client is closed");
}
