import type { Clock, Stoppable } from "../../src/base/clock.ts";
import type { World } from "./world.ts";

/** The calendar's time when a simulation begins. */
const WALL_START_MS = 1_700_000_000_000;

/**
 * The clock of one simulated process. When the process dies, none of its timers fires any more; while
 * it is paused, whatever should run waits.
 */
export class SimClock implements Clock {
  readonly #world: World;
  readonly #rate: number;
  #offsetMs = 0;
  #wallOffsetMs = 0;
  #isDead = false;
  #pausedUntilMs = 0;
  /** What waits until the simulator has wired itself to the new process. */
  #held: (() => void)[] | null = [];

  /** @param rate How fast this clock runs against the world's: 1 is right. */
  constructor(world: World, rate: number) {
    this.#world = world;
    this.#rate = rate;
  }

  /** Whether the process is gone. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The process is gone. */
  kill(): void {
    this.#isDead = true;
    this.#held = null;
  }

  /** The process may take its first turn. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const fn of held) this.defer(fn);
  }

  /** The process stands still: whatever should run before then runs only afterwards. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#world.nowMs + durationMs);
  }

  /** Ends a pause. */
  resume(): void {
    this.#pausedUntilMs = 0;
  }

  /** The monotonic clock leaps ahead, and the calendar's anywhere. */
  jump(monotonicMs: number, wallMs: number): void {
    this.#offsetMs += monotonicMs;
    this.#wallOffsetMs += wallMs;
  }

  /** Runs `fn` in this process: not when it is dead, and later when it is paused. */
  run(fn: () => void): void {
    if (this.#isDead) return;
    const waitMs = this.#pausedUntilMs - this.#world.nowMs;
    if (waitMs > 0) this.#world.after(waitMs, () => this.run(fn));
    else fn();
  }

  nowMs(): number {
    return this.#world.nowMs * this.#rate + this.#offsetMs;
  }

  wallMs(): number {
    return WALL_START_MS + this.#world.nowMs + this.#wallOffsetMs;
  }

  after(delayMs: number, fn: () => void): Stoppable {
    let isStopped = false;
    const cancel = this.#world.after(delayMs / this.#rate, () =>
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
    if (this.#held !== null) this.#held.push(fn);
    else this.#world.defer(() => this.run(fn));
  }
}
