import type { Clock, Stoppable } from "../../src/base/clock.ts";
import type { World } from "./world.ts";

/** The clock of one simulated process. When the process dies, none of its timers fires any more. */
export class SimClock implements Clock {
  readonly #world: World;
  /** How fast this clock runs against the world's: 1 is right. */
  rate = 1;
  #isDead = false;
  #pausedUntilMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The process is gone. */
  kill(): void {
    this.#isDead = true;
  }

  /** The process stands still: whatever should run before then runs only afterwards. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#world.nowMs + durationMs);
  }

  /** Runs `fn` in this process: not when it is dead, and later when it is paused. */
  run(fn: () => void): void {
    if (this.#isDead) return;
    if (this.#world.nowMs < this.#pausedUntilMs) {
      this.#world.after(this.#pausedUntilMs - this.#world.nowMs, () => this.run(fn));
    } else {
      fn();
    }
  }

  nowMs(): number {
    return this.#world.nowMs * this.rate;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs();
  }

  after(delayMs: number, fn: () => void): Stoppable {
    let isStopped = false;
    const cancel = this.#world.after(delayMs / this.rate, () =>
      this.run(() => {
        if (!isStopped) fn();
      }));
    return {
      stop: () => {
        isStopped = true;
        cancel();
      },
    };
  }

  every(periodMs: number, fn: () => void): Stoppable {
    let timer: Stoppable;
    const again = () => {
      timer = this.after(periodMs, () => {
        again();
        fn();
      });
    };
    again();
    return { stop: () => timer.stop() };
  }

  defer(fn: () => void): void {
    this.#world.defer(() => this.run(fn));
  }
}
