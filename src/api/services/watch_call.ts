import type { Stoppable } from "../../base/clock.ts";
import { NO_MEMBER } from "../../base/ids.ts";
import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../../base/limits.ts";
import type { Machine } from "../../machine/machine.ts";
import type { WatchRequest, WatchResponse } from "../../proto/watch.ts";
import { ERROR_TABLE, type RpcError, rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";
import { fragmentsOf } from "./watch_fragment.ts";

/** A response at least this large is cut into pieces for a watcher that allows it. */
const FRAGMENT_BYTES = REQUEST_BYTES_MAX + REQUEST_OVERHEAD_BYTES;

type WatchStream = ReturnType<Machine["watches"]["openStream"]>;
type HubResponse = NonNullable<ReturnType<WatchStream["take"]>>;

/** The hub's reasons in etcd's words; any other reason is a text already. */
const CANCEL_TEXTS: ReadonlyMap<string, string> = new Map([
  ["compacted", ERROR_TABLE["compacted"][1]],
  ["duplicate watch id", "mvcc: duplicate watch ID provided on the WatchStream"],
  ["empty range", "mvcc: watcher range is empty"],
]);

/** How often they hear of it unless the options say otherwise, as in etcd. */
export const PROGRESS_INTERVAL_MS = 600_000;
/** How often a call that wants a leader looks for one: the default election timeout. */
export const LEADER_CHECK_MS = 1_000;
/** After so many looks without a leader the call ends. Ref: etcd v3rpc/interceptor.go. */
const LEADER_MISSED_MAX = 3;

/** Calls a function again and again until it is stopped. */
export type Every = (periodMs: number, fn: () => void) => Stoppable;

/** How a call is made. */
export interface WatchCallOptions {
  /** Whether the call ends when there is no leader for long. */
  readonly requireLeader: boolean;
  readonly every: Every;
  /** How often watchers that want to know hear of progress while nothing happens. */
  readonly progressIntervalMs: number;
  /** Told once, when the call has ended. */
  readonly onEnd: (call: WatchCall) => void;
}

/**
 * One watch stream of one client, whatever the encoding. The encoding says what the client says with
 * `send` and pulls responses with `take`, and with `readable` when there are none: what is not pulled
 * stays in the hub's bounded queue, and a slow client falls back to history.
 */
export class WatchCall {
  readonly #replica: ReplicaPort;
  readonly #options: WatchCallOptions;
  readonly #stream: WatchStream;
  /** Pieces of a response that was cut. */
  #pieces: WatchResponse[] = [];
  #wake: (() => void) | null = null;
  #onDrained: (() => void) | null = null;
  #progressTimer: Stoppable | null = null;
  #leaderTimer: Stoppable | null = null;
  #ended = false;
  #failure: RpcError | null = null;

  constructor(replica: ReplicaPort, options: WatchCallOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#stream = replica.machine.watches.openStream(() => this.#wakeUp());
    if (options.requireLeader) this.#watchLeader();
  }

  /** Whether the call is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why this side ended the call, or null when the client did. */
  get failure(): RpcError | null {
    return this.#failure;
  }

  /** Whether so much waits for the client that it should not be heard until it has pulled. */
  get full(): boolean {
    return this.#stream.full;
  }

  /** Takes what the client says. */
  send(request: WatchRequest): void {
    if (this.#ended) return;
    const { createRequest, cancelRequest, progressRequest } = request;
    if (createRequest !== undefined) {
      this.#stream.create(createRequest);
      if (createRequest.progressNotify) this.#reportProgress();
    } else if (cancelRequest !== undefined) this.#stream.cancel(cancelRequest.watchId);
    else if (progressRequest !== undefined) this.#stream.requestProgress();
  }

  /** The next response, or null when there is none now. */
  take(): WatchResponse | null {
    if (this.#ended) return null;
    const piece = this.#pieces.shift();
    if (piece !== undefined) return piece;
    const taken = this.#stream.take();
    if (!this.#stream.full) this.#noteDrained();
    if (taken === null) return null;
    const response = this.#toMessage(taken);
    if (!taken.fragment || taken.events.length < 2) return response;
    this.#pieces = fragmentsOf(response, FRAGMENT_BYTES);
    return this.#pieces.shift() ?? null;
  }

  /** Resolves when `take` may have something again, or when the call has ended. */
  readable(): Promise<void> {
    if (this.#ended || this.#pieces.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      // History without matches is read in steps; in between, others get their turn.
      if (this.#stream.ready) setTimeout(() => this.#wakeUp(), 0);
    });
  }

  /** Resolves when the call is not {@linkcode WatchCall.full} any more, or has ended. */
  drained(): Promise<void> {
    if (this.#ended || !this.full) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained = resolve);
  }

  /** Ends the call and its watches, with the reason if it is this side that ends it. */
  end(failure: RpcError | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#progressTimer?.stop();
    this.#leaderTimer?.stop();
    this.#stream.close();
    this.#options.onEnd(this);
    this.#noteDrained();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #noteDrained(): void {
    this.#onDrained?.();
    this.#onDrained = null;
  }

  #reportProgress(): void {
    this.#progressTimer ??= this.#options.every(
      this.#options.progressIntervalMs,
      () => this.#stream.progressTick(),
    );
  }

  #watchLeader(): void {
    let missed = 0;
    this.#leaderTimer = this.#options.every(LEADER_CHECK_MS, () => {
      missed = this.#replica.status().leader === NO_MEMBER ? missed + 1 : 0;
      if (missed >= LEADER_MISSED_MAX) this.end(rpcError("no leader"));
    });
  }

  #toMessage(response: HubResponse): WatchResponse {
    const { watchId, revision, created, canceled, compactRevision, cancelReason } = response;
    return {
      header: responseHeader(this.#replica, revision),
      watchId,
      created,
      canceled,
      compactRevision,
      cancelReason: CANCEL_TEXTS.get(cancelReason) ?? cancelReason,
      fragment: false,
      events: [...response.events],
    };
  }
}
