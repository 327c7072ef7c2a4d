import type { Clock } from "../base/clock.ts";
import { ConnectionError, ErrorCode } from "./error_code.ts";
import type { Http2Limits } from "./limits.ts";

/** What a peer can send much of without any use. */
export type FloodKind =
  | "empty DATA"
  | "frames on closed streams"
  | "malformed requests"
  | "PING"
  | "PRIORITY"
  | "RST_STREAM"
  | "SETTINGS"
  | "tiny WINDOW_UPDATE"
  | "unknown frames";

/**
 * Counts frames that cost work and carry no request forward. Each kind has an allowance that fills
 * up again with time; a peer that uses it up is told to calm down and let go.
 */
export class FloodGuard {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #spent = new Map<FloodKind, { tokens: number; sinceMs: number }>();

  constructor(clock: Clock, limits: Http2Limits) {
    this.#clock = clock;
    this.#burst = limits.floodBurst;
    this.#perSecond = limits.floodPerSecond;
  }

  /** @throws {ConnectionError} If there were too many of this kind. */
  count(kind: FloodKind): void {
    let bucket = this.#spent.get(kind);
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, sinceMs: this.#clock.nowMs() };
      this.#spent.set(kind, bucket);
    }
    if (bucket.tokens < 1) this.#refill(bucket);
    if (bucket.tokens < 1) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `too many ${kind}`);
    }
    bucket.tokens--;
  }

  /** Asks the clock only when the allowance is used up: most connections never get there. */
  #refill(bucket: { tokens: number; sinceMs: number }): void {
    const nowMs = this.#clock.nowMs();
    const earned = ((nowMs - bucket.sinceMs) / 1000) * this.#perSecond;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + earned);
    bucket.sinceMs = nowMs;
  }
}
