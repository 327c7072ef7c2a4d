import type { Clock, Stoppable } from "../base/clock.ts";

/** The platform's time. */
export class SystemClock implements Clock {
  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  after(delayMs: number, fn: () => void): Stoppable {
    const timer = setTimeout(fn, delayMs);
    return { stop: () => clearTimeout(timer) };
  }

  every(periodMs: number, fn: () => void): Stoppable {
    const timer = setInterval(fn, periodMs);
    return { stop: () => clearInterval(timer) };
  }

  defer(fn: () => void): void {
    queueMicrotask(fn);
  }
}
