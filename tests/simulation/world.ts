import { SeededPrng } from "../../src/base/prng.ts";

/** Something that will happen. */
interface SimEvent {
  readonly atMs: number;
  /** Breaks ties, so that the order is the same in every run. */
  readonly order: number;
  fn: (() => void) | null;
}

/** How many rounds of microtasks settle what one event has set off: the depth of promise chains. */
const EVENT_ROUNDS = 12;
/** Opening storages takes longer chains, and may happen while nothing else does. */
const START_ROUNDS = 1_000;

/**
 * Virtual time: a queue of events that runs as fast as the machine can. All chance comes from one
 * seed, nothing waits for the real clock, and so a seed is a run.
 */
export class World {
  readonly prng: SeededPrng;
  /** Virtual milliseconds since the start. */
  nowMs = 0;
  /** How many events have run. */
  eventCount = 0;
  #order = 0;
  #heap: SimEvent[] = [];
  #deferred: (() => void)[] = [];

  constructor(seed: number) {
    this.prng = new SeededPrng(seed);
  }

  /** Lets `fn` happen in `delayMs`. Calling the returned function calls it off. */
  after(delayMs: number, fn: () => void): () => void {
    const event: SimEvent = { atMs: this.nowMs + delayMs, order: this.#order++, fn };
    this.#push(event);
    return () => {
      event.fn = null;
    };
  }

  /** Lets `fn` happen once the present event has been handled. */
  defer(fn: () => void): void {
    this.#deferred.push(fn);
  }

  /** Runs until virtual time has come to `untilMs`, or `isDone` says so between two events. */
  async runUntil(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    await this.#settle(START_ROUNDS);
    while (!isDone()) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs) break;
      this.#pop();
      if (event.fn === null) continue;
      this.nowMs = event.atMs;
      this.eventCount++;
      event.fn();
      await this.#settle(EVENT_ROUNDS);
    }
    if (!isDone()) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Runs what was deferred and the microtasks behind it, until nothing is left to be deferred. */
  async #settle(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      while (this.#deferred.length > 0) {
        round = 0;
        const deferred = this.#deferred;
        this.#deferred = [];
        for (const fn of deferred) fn();
      }
      await undefined;
    }
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[parent])) break;
      [heap[at], heap[parent]] = [heap[parent], heap[at]];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as SimEvent;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0;;) {
      const left = 2 * at + 1;
      let least = at;
      if (left < heap.length && isBefore(heap[left], heap[least])) least = left;
      if (left + 1 < heap.length && isBefore(heap[left + 1], heap[least])) least = left + 1;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
