import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { create } from "../proto/codec.ts";
import { type Event, EventType } from "../proto/key_value.ts";
import {
  WatchCreateRequest,
  WatchFilter,
  WatchRequest,
  type WatchResponse,
} from "../proto/watch.ts";
import { CompactedError, KvorumError } from "./errors.ts";
import { type KeyRange, toInterval } from "./key_range.ts";
import { KeyValue, optionalKeyValue } from "./key_value.ts";
import { WATCH } from "./methods.ts";
import type { ClientStream, ClientTransport } from "./transport.ts";

/** Pauses before a watch that was refused for the moment is opened again. */
const PAUSE_MIN_MS = 20;
const PAUSE_MAX_MS = 1_000;

/** What to watch, and how. */
export interface WatchOptions {
  /** The first revision of interest. @default {the next one} */
  readonly startRevision?: number;
  /** Asks for each key as it was before the change. @default {false} */
  readonly previous?: boolean;
  /** Leaves one kind of change out. */
  readonly without?: "puts" | "deletes";
  /** Ends the watch, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One change of one key. */
export interface WatchEvent {
  /** What happened. */
  readonly type: "put" | "delete";
  /** The key after the change; of a deletion only `key` and `modRevision` mean something. */
  readonly kv: KeyValue;
  /** The key before the change, if that was asked for, it was there and its history is kept. */
  readonly previous: KeyValue | null;
  /** Whether the key was not there before. */
  readonly isCreate: boolean;
}

/** All changes of one revision that were asked for. */
export interface WatchBatch {
  /** The revision that made them. */
  readonly revision: number;
  /** The changes, in the order in which they were made. */
  readonly events: readonly WatchEvent[];
}

/**
 * Changes as they happen, one batch for each revision, in order, without gaps and without doubles,
 * also when connections break or servers go. It is iterated once. Back-pressure: what is not taken
 * stays at the server.
 *
 * It ends when `close` is called, when the loop over it is left, with the reason of its signal, with
 * {@linkcode CompactedError} when the next revision is gone, or with another
 * {@linkcode KvorumError} when no server will serve it.
 *
 * @example Follow what happens below a prefix
 * ```ts
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 *
 * await using watch = client.watch({ prefix: "jobs/" });
 * await watch.opened(); // from here on nothing is missed
 * await client.put("jobs/1", "queued");
 * await client.put("jobs/1", "running");
 * await client.delete("jobs/1");
 *
 * const seen: string[] = [];
 * for await (const { events } of watch) {
 *   for (const { type, kv } of events) seen.push(type === "put" ? kv.text() : "gone");
 *   if (seen.at(-1) === "gone") break;
 * }
 * if (seen.join() !== "queued,running,gone") throw new Error(seen.join());
 * ```
 */
export class Watch implements AsyncIterable<WatchBatch>, AsyncDisposable {
  readonly #transport: ClientTransport;
  readonly #clock: Clock;
  readonly #request: WatchCreateRequest;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#end();
  /** The first revision that was not delivered; zero while the server has not said what is next. */
  #nextRevision: number;
  #stream: ClientStream<WatchResponse> | null = null;
  readonly #opened: Promise<KvorumError | null>;
  #isIterated = false;
  #isClosed = false;
  #endPause: (() => void) | null = null;

  /**
   * Programs call `client.watch()` instead.
   * @internal
   */
  constructor(transport: ClientTransport, clock: Clock, range: KeyRange, options: WatchOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#nextRevision = options.startRevision ?? 0;
    this.#request = create(WatchCreateRequest, {
      ...toInterval(range),
      prevKv: options.previous ?? false,
      filters: options.without === undefined ? [] : [filterOf(options.without)],
      // A quiet watch that knows how far it has come survives a compaction.
      progressNotify: true,
      fragment: true,
    });
    this.#signal = options.signal;
    if (this.#signal?.aborted) this.#isClosed = true;
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#opened = this.#open();
  }

  /**
   * Waits until a server watches.
   * @returns the first revision that the watch sees: every change from there on is delivered.
   * @throws {KvorumError} when no server will
   */
  async opened(): Promise<number> {
    const failure = await this.#opened;
    this.#signal?.throwIfAborted();
    if (failure !== null) throw failure;
    return this.#nextRevision;
  }

  /** Takes the batches. It can be called once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    if (this.#isIterated) throw new TypeError("Cannot iterate a watch twice: make another one");
    this.#isIterated = true;
    try {
      let failure = await this.#opened;
      while (!this.#isClosed) {
        if (failure !== null) throw failure;
        const events = await this.#nextEvents();
        if (events === null) failure = await this.#open();
        else yield* this.#batches(events);
      }
      this.#signal?.throwIfAborted();
    } finally {
      this.#end();
    }
  }

  /** The batches as a stream, instead of iterating. */
  readable(): ReadableStream<WatchBatch> {
    const iterator = this[Symbol.asyncIterator]();
    return new ReadableStream<WatchBatch>({
      async pull(controller) {
        const { value, done } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  /** Ends the watch. The loop over it ends, too. */
  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  /** The same as {@linkcode Watch.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(): void {
    this.#isClosed = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#stream?.cancel();
    this.#endPause?.();
  }

  /** Opens a stream from the next revision on, and waits until the server has begun to watch. */
  async #open(): Promise<KvorumError | null> {
    for (let attempt = 0; !this.#isClosed; attempt++) {
      const createRequest = { ...this.#request, startRevision: this.#nextRevision };
      this.#stream = this.#transport.open(WATCH, create(WatchRequest, { createRequest }));
      try {
        const response = await this.#stream.next();
        if (response === null) continue;
        const refused = refusalOf(response);
        if (refused !== null) return refused;
        assert(response.created, "The first response of a watch says that it was created");
        if (this.#nextRevision <= 0) this.#nextRevision = (response.header?.revision ?? 0) + 1;
        return null;
      } catch (error) {
        if (!(error instanceof KvorumError)) throw error;
        if (!error.retryable) return error;
        await this.#pause(Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(attempt, 10)));
      }
    }
    return null;
  }

  /** The events of the next response, or null when the stream broke off and another is needed. */
  async #nextEvents(): Promise<readonly Event[] | null> {
    const stream = this.#stream as ClientStream<WatchResponse>;
    let pieces: Event[] = [];
    try {
      for (;;) {
        const response = await stream.next();
        if (response === null) return null;
        const refused = refusalOf(response);
        if (refused !== null) throw refused;
        // What a progress report says was delivered has been: it comes after the events.
        const revision = response.header?.revision ?? 0;
        if (response.events.length === 0 && revision >= this.#nextRevision) {
          this.#nextRevision = revision + 1;
        }
        if (pieces.length === 0 && !response.fragment) return response.events;
        pieces = pieces.concat(response.events);
        if (!response.fragment) return pieces;
      }
    } catch (error) {
      if (error instanceof KvorumError && error.retryable) return null;
      throw error;
    }
  }

  /** Groups events by revision. Whatever is taken counts as delivered. */
  *#batches(events: readonly Event[]): Generator<WatchBatch, void, undefined> {
    let from = 0;
    while (from < events.length && !this.#isClosed) {
      const revision = revisionOf(events[from]);
      let to = from + 1;
      while (to < events.length && revisionOf(events[to]) === revision) to++;
      if (revision >= this.#nextRevision) {
        this.#nextRevision = revision + 1;
        yield { revision, events: events.slice(from, to).map(toWatchEvent) };
      }
      from = to;
    }
  }

  async #pause(durationMs: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(durationMs, resolve);
      this.#endPause = () => {
        timer.stop();
        resolve();
      };
    });
    this.#endPause = null;
  }
}

function filterOf(without: "puts" | "deletes"): number {
  return without === "puts" ? WatchFilter.NOPUT : WatchFilter.NODELETE;
}

function refusalOf(response: WatchResponse): KvorumError | null {
  if (!response.canceled) return null;
  if (response.compactRevision > 0) return new CompactedError(response.compactRevision);
  return new KvorumError("INVALID_ARGUMENT", response.cancelReason || "the watch was cancelled");
}

function revisionOf({ kv }: Event): number {
  return kv?.modRevision ?? 0;
}

function toWatchEvent({ type, kv, prevKv }: Event): WatchEvent {
  assert(kv !== undefined, "An event has a key");
  return {
    type: type === EventType.DELETE ? "delete" : "put",
    kv: new KeyValue(kv),
    previous: optionalKeyValue(prevKv),
    isCreate: type === EventType.PUT && kv.createRevision === kv.modRevision,
  };
}
