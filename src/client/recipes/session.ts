import type { Clock, Stoppable } from "../../base/clock.ts";
import type { KvorumClient, WaitOptions } from "../client.ts";
import { KvorumError } from "../errors.ts";

/**
 * The session's lease is gone, and with it every key that hung on it.
 *
 * @example Tell it from other failures
 * ```ts
 * import { Lock, Session, SessionLostError } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const session = await Session.open(cluster.client, { ttlSeconds: 10 });
 * await session.close();
 *
 * try {
 *   await Lock.acquire(session, "jobs/nightly");
 * } catch (error) {
 *   if (!(error instanceof SessionLostError)) throw error;
 *   console.log("open another session, and begin again");
 * }
 * ```
 */
export class SessionLostError extends KvorumError {
  /** The class, as for every error. */
  override name = "SessionLostError";

  /** Makes the error. */
  constructor(options?: ErrorOptions) {
    super("ABORTED", "the session is lost: its lease has ended", options);
  }
}

/** How a session lives, and how long to wait for it. */
export interface SessionOptions extends WaitOptions {
  /** How long the session outlives its program. @default {60} */
  readonly ttlSeconds?: number;
}

/** A lease is renewed so often in its life. Ref: etcd client/v3/lease.go. */
const RENEWALS_PER_LIFE = 3;
/** However long a lease lives, it is renewed once a day: timers cannot wait for months. */
const RENEWAL_PAUSE_MAX_MS = 86_400_000;
const TIMER_MAX_MS = 2_147_483_647;

/**
 * A lease that is kept alive for as long as the program runs. Locks and leaderships hang on one: when
 * the program dies they end by themselves, `ttlSeconds` later at most.
 *
 * @example Announce a service for as long as this program runs
 * ```ts
 * import { Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * {
 *   await using session = await Session.open(client, { ttlSeconds: 10 });
 *   await client.put("services/web", "10.0.0.7:8080", { lease: session.lease });
 *   session.lost.addEventListener("abort", () => console.log("announced no more"));
 * }
 * if (await client.get("services/web") !== null) throw new Error("It outlived its session");
 * ```
 */
export class Session implements AsyncDisposable {
  /** The client that keeps it alive. */
  readonly client: KvorumClient;
  /** The lease's name. */
  readonly lease: bigint;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  #ttlMs: number;
  #expiresAtMs = 0;
  #renewal: Stoppable;
  #expiry: Stoppable;

  private constructor(client: KvorumClient, lease: bigint, ttlSeconds: number, askedMs: number) {
    this.client = client;
    this.lease = lease;
    this.#clock = client.clock;
    this.#ttlMs = ttlSeconds * 1_000;
    this.#expiry = this.#expireAt(askedMs);
    this.#renewal = this.#clock.after(this.#renewalPauseMs, () => this.#renew());
  }

  /** Begins a session. @throws {KvorumError} when no lease is granted */
  static async open(client: KvorumClient, options: SessionOptions = {}): Promise<Session> {
    const askedMs = client.clock.nowMs();
    const { id, ttlSeconds } = await client.leases.grant(options.ttlSeconds ?? 60, options);
    return new Session(client, id, ttlSeconds, askedMs);
  }

  /**
   * Aborts with {@linkcode SessionLostError} when the lease has ended or may have: what hangs on the
   * session is not held any more. It also aborts when the session is closed.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Whether the lease has not run out, by the clock: a program that stood still learns it here before
   * {@linkcode Session.lost} can tell.
   */
  get isLive(): boolean {
    return !this.#lost.signal.aborted && this.#clock.nowMs() < this.#expiresAtMs;
  }

  /** Ends the session and deletes what hangs on it. */
  async close(): Promise<void> {
    if (this.#lost.signal.aborted) return;
    this.#end();
    try {
      await this.client.leases.revoke(this.lease);
    } catch (error) {
      // It has ended already, and nobody had noticed.
      if (!(error instanceof KvorumError && error.code === "NOT_FOUND")) throw error;
    }
  }

  /** The same as {@linkcode Session.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #renewalPauseMs(): number {
    return Math.min(RENEWAL_PAUSE_MAX_MS, this.#ttlMs / RENEWALS_PER_LIFE);
  }

  #end(cause?: unknown): void {
    this.#renewal.stop();
    this.#expiry.stop();
    this.#lost.abort(new SessionLostError(cause === undefined ? undefined : { cause }));
  }

  /** Safety: the server counts from when it heard of the renewal, which is later than we asked. */
  #expireAt(askedMs: number): Stoppable {
    this.#expiresAtMs = askedMs + this.#ttlMs;
    const leftMs = Math.max(0, this.#expiresAtMs - this.#clock.nowMs());
    return this.#clock.after(Math.min(leftMs, TIMER_MAX_MS), () => this.#end());
  }

  /** It never rejects: what goes wrong is tried again until the lease has run out. */
  async #renew(): Promise<void> {
    const askedMs = this.#clock.nowMs();
    try {
      const deadlineMs = this.#renewalPauseMs;
      const ttlSeconds = await this.client.leases.renew(this.lease, { deadlineMs });
      if (this.#lost.signal.aborted) return;
      if (ttlSeconds <= 0) return this.#end();
      this.#ttlMs = ttlSeconds * 1_000;
      this.#expiry.stop();
      this.#expiry = this.#expireAt(askedMs);
    } catch (error) {
      if (!(error instanceof KvorumError)) this.#end(error);
    }
    if (this.#lost.signal.aborted) return;
    const passedMs = this.#clock.nowMs() - askedMs;
    const pauseMs = Math.max(0, this.#renewalPauseMs - passedMs);
    this.#renewal = this.#clock.after(pauseMs, () => this.#renew());
  }
}
