import type { Clock, Stoppable } from "../base/clock.ts";
import { ConnectionError, ErrorCode } from "./error_code.ts";
import type { Http2Limits } from "./limits.ts";

/** How many pings too many are forgiven. Ref: grpc-go's server transport. */
const PING_STRIKES_MAX = 2;
/** How often a client may ping that has no stream open. Ref: gRPC A8. */
const IDLE_PING_MIN_TIME_MS = 7_200_000;

/** What the keep-alive does to its connection. */
export interface KeepaliveTarget {
  /** Sends a ping. */
  ping(): void;
  /** Gives the connection up: the peer is silent. */
  giveUp(): void;
}

/** Pings a silent peer, and tells one that pings too often. */
export class Keepalive {
  readonly #clock: Clock;
  readonly #limits: Http2Limits;
  readonly #target: KeepaliveTarget;
  #timer: Stoppable | null = null;
  #hasHeard = false;
  #isWaiting = false;
  #strikes = 0;
  #lastPingMs = -Infinity;

  constructor(clock: Clock, limits: Http2Limits, target: KeepaliveTarget) {
    this.#clock = clock;
    this.#limits = limits;
    this.#target = target;
    this.#wait(limits.pingIntervalMs);
  }

  /** Something arrived. Only noted: the timer looks at it when its time has come. */
  heard(): void {
    this.#hasHeard = true;
  }

  #wait(delayMs: number): void {
    this.#hasHeard = false;
    this.#timer = this.#clock.after(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    if (this.#hasHeard) {
      this.#isWaiting = false;
      this.#wait(this.#limits.pingIntervalMs);
    } else if (this.#isWaiting) {
      this.#target.giveUp();
    } else {
      this.#isWaiting = true;
      this.#wait(this.#limits.pingTimeoutMs);
      this.#target.ping();
    }
  }

  /**
   * Judges a ping of the client's.
   *
   * @param hasSent Whether we sent headers or data since the last one: then it is excused.
   * @throws {ConnectionError} If there were too many.
   */
  onPing(hasSent: boolean, hasStreams: boolean): void {
    const nowMs = this.#clock.nowMs();
    const sinceMs = nowMs - this.#lastPingMs;
    this.#lastPingMs = nowMs;
    if (hasSent) {
      this.#strikes = 0;
      return;
    }
    const { pingMinTimeMs, permitPingWithoutStream } = this.#limits;
    const isIdle = !hasStreams && !permitPingWithoutStream;
    if (sinceMs < (isIdle ? IDLE_PING_MIN_TIME_MS : pingMinTimeMs)) this.#strikes++;
    if (this.#strikes > PING_STRIKES_MAX) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings");
    }
  }

  /** Stops the timer. */
  stop(): void {
    this.#timer?.stop();
  }
}
