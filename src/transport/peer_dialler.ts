import type { Clock, Stoppable } from "../base/clock.ts";
import type { Prng } from "../base/prng.ts";
import type { PeerTiming } from "./peer_limits.ts";

/** A connection that lived this long was a good one: the next is dialled at once again. */
const STABLE_MS = 1_000;

/** How an attempt to dial ended. */
export interface DialOutcome {
  /** How long the connection was open, or null when it never was. */
  readonly openForMs: number | null;
  /** Whether one of the ends refused the other: soon trying again cannot help. */
  readonly refused: boolean;
}

/**
 * Dials one peer again and again: at once when a good connection broke, then after delays that
 * double up to a bound. Jitter keeps replicas that lost each other together from dialling together.
 */
export class PeerDialler {
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #timing: PeerTiming;
  readonly #dial: (url: string) => void;
  #urls: readonly string[];
  #nextUrl = 0;
  #failures = 0;
  #timer: Stoppable | null = null;

  /** @param dial Opens a connection; how it ended is told to {@linkcode PeerDialler.onEnd}. */
  constructor(
    clock: Clock,
    prng: Prng,
    timing: PeerTiming,
    urls: readonly string[],
    dial: (url: string) => void,
  ) {
    this.#clock = clock;
    this.#prng = prng;
    this.#timing = timing;
    this.#urls = urls;
    this.#dial = dial;
  }

  /** Uses other addresses from the next attempt on. */
  setUrls(urls: readonly string[]): void {
    this.#urls = urls;
  }

  /** Dials now. */
  start(): void {
    this.#dialNext();
  }

  /** Dials no more. The present connection is the caller's to close. */
  stop(): void {
    this.#timer?.stop();
    this.#timer = null;
  }

  /** An attempt or connection ended: plans the next. */
  onEnd({ openForMs, refused }: DialOutcome): void {
    if (openForMs !== null && openForMs >= STABLE_MS) this.#failures = 0;
    this.#timer = this.#clock.after(this.#delayMs(refused), () => this.#dialNext());
    this.#failures++;
  }

  #delayMs(refused: boolean): number {
    const { redialMinMs, redialMaxMs } = this.#timing;
    const jitter = 0.5 + this.#prng.next();
    if (refused) return redialMaxMs * jitter;
    if (this.#failures === 0) return 0;
    return Math.min(redialMaxMs, redialMinMs * 2 ** (this.#failures - 1)) * jitter;
  }

  #dialNext(): void {
    this.#timer = null;
    this.#dial(this.#urls[this.#nextUrl++ % this.#urls.length]);
  }
}
