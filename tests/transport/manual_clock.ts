import type { Clock, Stoppable } from "../../src/base/clock.ts";

interface Timer {
  atMs: number;
  readonly periodMs: number | null;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();
  readonly #deferred: (() => void)[] = [];

  /** How many timers run: none may after everything is closed. */
  get timers(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fn: () => void): Stoppable {
    return this.#add({ atMs: this.#nowMs + delayMs, periodMs: null, fn });
  }

  every(periodMs: number, fn: () => void): Stoppable {
    return this.#add({ atMs: this.#nowMs + periodMs, periodMs, fn });
  }

  #add(timer: Timer): Stoppable {
    this.#timers.add(timer);
    return { stop: () => void this.#timers.delete(timer) };
  }

  defer(fn: () => void): void {
    this.#deferred.push(fn);
  }

  /** Runs all that was deferred, and what that defers. */
  settle(): void {
    for (let fn = this.#deferred.shift(); fn; fn = this.#deferred.shift()) fn();
  }

  /** Lets time pass, with every timer at its moment. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    this.settle();
    for (let next = this.#next(); next && next.atMs <= endMs; next = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (next.periodMs === null) this.#timers.delete(next);
      else next.atMs = this.#nowMs + next.periodMs;
      next.fn();
      this.settle();
    }
    this.#nowMs = endMs;
  }

  /** Lets time pass in which nothing runs, as when a laptop's lid is shut. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.atMs < next.atMs) next = timer;
    return next;
  }
}
