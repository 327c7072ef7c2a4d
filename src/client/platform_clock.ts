import type { Clock } from "../base/clock.ts";

/** The platform's time. */
export const PLATFORM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return { stop: () => clearTimeout(timer) };
  },
  every(periodMs, fn) {
    const timer = setInterval(fn, periodMs);
    return { stop: () => clearInterval(timer) };
  },
  defer: (fn) => queueMicrotask(fn),
};
