import type { Clock, Stoppable } from "../../base/clock.ts";

/** The longest that platforms' timers can wait. */
const DELAY_MS_MAX = 2_147_483_647;

/** A call that must be over by some time. */
export interface Expiring {
  /** On the clock's `nowMs`. */
  readonly deadlineMs: number;
  /** The time has come. */
  onDeadline(): void;
}

/**
 * The deadlines of a connection's calls behind one timer. It runs to the earliest deadline known
 * when it was set and then looks at all calls: nearly all are over long before, so that a call costs
 * a place in a set and no timer.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #calls = new Set<Expiring>();
  #timer: Stoppable | null = null;
  #timerAtMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches over a call. */
  add(call: Expiring): void {
    this.#calls.add(call);
    if (call.deadlineMs < this.#timerAtMs) this.#setTimer(call.deadlineMs);
  }

  /** Forgets a call that is over. */
  delete(call: Expiring): void {
    this.#calls.delete(call);
  }

  #setTimer(atMs: number): void {
    this.#timer?.stop();
    this.#timerAtMs = atMs;
    const delayMs = Math.min(Math.max(0, atMs - this.#clock.nowMs()), DELAY_MS_MAX);
    this.#timer = this.#clock.after(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timerAtMs = Infinity;
    const nowMs = this.#clock.nowMs();
    let nextMs = Infinity;
    for (const call of [...this.#calls]) {
      if (call.deadlineMs <= nowMs) {
        this.#calls.delete(call);
        call.onDeadline();
      } else nextMs = Math.min(nextMs, call.deadlineMs);
    }
    if (nextMs < this.#timerAtMs) this.#setTimer(nextMs);
  }

  /** Stops the timer for good. */
  stop(): void {
    this.#timer?.stop();
    this.#timerAtMs = -Infinity;
    this.#calls.clear();
  }
}
