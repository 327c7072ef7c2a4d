import type { Clock } from "../base/clock.ts";
import { fromJson, toJson } from "../proto/json.ts";
import { formatRequestIdentity, REQUEST_IDENTITY_HEADER } from "../proto/request_identity.ts";
import { isForgotten, KvorumError, outcomeUnknown, refusal } from "./errors.ts";
import { JsonLineStream } from "./json_line_stream.ts";
import type { ClientMethod } from "./methods.ts";
import { PLATFORM_CLOCK } from "./platform_clock.ts";
import type { CallOptions, ClientStream, ClientTransport } from "./transport.ts";
import { WriteWindow } from "./write_window.ts";

/** A server that has not answered for so long is left for the next one. */
const ATTEMPT_MS = 3_000;
/** Pauses between attempts. */
const PAUSE_MIN_MS = 20;
const PAUSE_MAX_MS = 1_000;

/** How a {@linkcode FetchTransport} behaves. */
export interface FetchTransportOptions {
  /** Sends a request. @default {the platform's fetch} */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** How long one server may take to answer. @default {3000} */
  readonly attemptTimeoutMs?: number;
  /** Time, for tests. @default {the platform's} */
  readonly clock?: Clock;
}

/**
 * Calls as JSON over `fetch`, for places where no WebSocket may live. Slower than a multiplexed
 * connection; results and errors are the same. The servers must be Kvorum's: etcd's own gateway speaks
 * the same JSON but does not know a write that it gets twice.
 *
 * @example Requests instead of a WebSocket
 * ```ts
 * import { connect, FetchTransport } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * const urls = ["http://replica-0:2379"];
 * // Only here, where no server listens; otherwise the platform's fetch does.
 * const fetch = (request: Request) => cluster.replica(0)!.fetch(request);
 *
 * await using client = connect(urls, { transport: new FetchTransport(urls, { fetch }) });
 * await client.put("greeting", "hello");
 * if ((await client.get("greeting"))?.text() !== "hello") throw new Error("Not stored");
 * ```
 */
export class FetchTransport implements ClientTransport {
  readonly #bases: readonly string[];
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #attemptMs: number;
  readonly #clock: Clock;
  readonly #client = crypto.getRandomValues(new BigUint64Array(1))[0] || 1n;
  readonly #writes = new WriteWindow();
  /** Writes that wait until older ones are settled. */
  #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();
  #current = 0;

  /** Makes a transport. @throws {TypeError} if there is no endpoint, or one is no URL */
  constructor(endpoints: readonly string[], options: FetchTransportOptions = {}) {
    if (endpoints.length === 0) throw new TypeError("Cannot connect: there is no endpoint");
    this.#bases = endpoints.map((endpoint) => new URL(endpoint).href.replace(/\/$/, ""));
    this.#fetch = options.fetch ?? ((request) => fetch(request));
    this.#attemptMs = options.attemptTimeoutMs ?? ATTEMPT_MS;
    this.#clock = options.clock ?? PLATFORM_CLOCK;
  }

  /**
   * Asks for one answer, and again as far as that is safe.
   * @throws {KvorumError}
   * @internal
   */
  async call<Q extends object, A extends object, R>(
    method: ClientMethod<Q, A>,
    request: Q,
    toResult: (response: A) => R,
    options: CallOptions,
  ): Promise<R> {
    options.signal?.throwIfAborted();
    const deadlineAtMs = this.#clock.nowMs() + options.deadlineMs;
    const sequence = method.kind === "write" ? await this.#number() : 0;
    try {
      const body = toJson(method.request, request);
      const identity = sequence === 0
        ? null
        : formatRequestIdentity({ client: this.#client, sequence });
      const answer = method.kind === "once"
        ? await this.#askOnce(method.path, body, options)
        : await this.#ask(method.path, body, identity, deadlineAtMs, options.signal);
      return toResult(fromJson(method.response, answer));
    } finally {
      if (sequence !== 0) {
        this.#writes.settle(sequence);
        for (const resume of this.#waiting.splice(0)) resume();
      }
    }
  }

  /**
   * Opens a stream.
   * @internal
   */
  open<Q extends object, A extends object>(
    method: ClientMethod<Q, A>,
    request: Q,
  ): ClientStream<A> {
    const body = toJson(method.request, request);
    return new JsonLineStream(method.response, async (signal) => {
      const either = AbortSignal.any([signal, this.#closing.signal]);
      const headers = { "grpc-metadata-hasleader": "true" };
      try {
        return await this.#fetch(this.#post(method.path, body, headers, either));
      } catch (error) {
        this.#moveOn();
        throw error;
      }
    });
  }

  /** Fails everything that waits. */
  close(): Promise<void> {
    this.#closing.abort(new KvorumError("CANCELLED", "the client is closed"));
    return Promise.resolve();
  }

  async #number(): Promise<number> {
    for (;;) {
      const sequence = this.#writes.begin();
      if (sequence !== 0) return sequence;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Asks one server, which has all the time there is. */
  async #askOnce(path: string, body: string, options: CallOptions): Promise<object> {
    try {
      return await this.#attempt(path, body, null, options.deadlineMs, options.signal);
    } catch (error) {
      if (error instanceof KvorumError && error.retryable) throw outcomeUnknown(error);
      throw error;
    }
  }

  /** Asks one server after the other until one answers or refuses for good. */
  async #ask(
    path: string,
    body: string,
    identity: string | null,
    deadlineAtMs: number,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    let last = new KvorumError("DEADLINE_EXCEEDED", "no answer by the deadline");
    for (let attempt = 0;; attempt++) {
      const leftMs = deadlineAtMs - this.#clock.nowMs();
      if (leftMs <= 0) throw identity === null || attempt === 0 ? last : outcomeUnknown(last);
      try {
        return await this.#attempt(path, body, identity, Math.min(leftMs, this.#attemptMs), signal);
      } catch (error) {
        if (!(error instanceof KvorumError) || !error.retryable) throw error;
        last = error;
        this.#moveOn();
      }
      const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(attempt, 10));
      await this.#pause(Math.min(pauseMs, deadlineAtMs - this.#clock.nowMs()), signal);
    }
  }

  async #attempt(
    path: string,
    body: string,
    identity: string | null,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    const late = new AbortController();
    const timer = this.#clock.after(timeoutMs, () => late.abort());
    const signals = [late.signal, this.#closing.signal];
    if (signal !== undefined) signals.push(signal);
    const headers = identity === null ? {} : { [REQUEST_IDENTITY_HEADER]: identity };
    let text: string;
    let isOk: boolean;
    try {
      const request = this.#post(path, body, headers, AbortSignal.any(signals));
      const response = await this.#fetch(request);
      isOk = response.ok;
      text = await response.text();
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      signal?.throwIfAborted();
      const options = { retryable: true, cause: error };
      if (!late.signal.aborted) throw new KvorumError("UNAVAILABLE", String(error), options);
      throw new KvorumError("DEADLINE_EXCEEDED", `no answer for ${timeoutMs} ms`, options);
    } finally {
      timer.stop();
    }
    return answerOf(text, isOk);
  }

  #post(path: string, body: string, headers: HeadersInit, signal: AbortSignal): Request {
    return new Request(this.#bases[this.#current] + path, {
      method: "POST",
      body,
      headers,
      signal,
    });
  }

  #moveOn(): void {
    this.#current = (this.#current + 1) % this.#bases.length;
  }

  async #pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (durationMs <= 0) return;
    const signals = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal];
    const either = AbortSignal.any(signals);
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(durationMs, resolve);
      either.addEventListener("abort", () => {
        timer.stop();
        resolve();
      }, { once: true });
    });
    either.throwIfAborted();
  }
}

function answerOf(text: string, isOk: boolean): object {
  let answer: { result?: object; code?: number; message?: string };
  try {
    answer = JSON.parse(text);
  } catch (error) {
    // A proxy's page, perhaps: whoever said that is no replica.
    throw new KvorumError("UNAVAILABLE", "no JSON in the answer", {
      retryable: true,
      cause: error,
    });
  }
  if (isOk) return answer.result ?? answer;
  const error = refusal(answer.code ?? 2, answer.message ?? "refused");
  throw isForgotten(error) ? outcomeUnknown(error) : error;
}
