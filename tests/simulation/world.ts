import { SeededPrng } from "../../src/base/prng.ts";

/** Something that will happen. */
interface SimEvent {
  readonly atMs: number;
  /** Breaks ties, so that the order is the same in every run. */
  readonly order: number;
  fn: (() => void) | null;
}

/** How many rounds of microtasks settle what one event has set off: the depth of promise chains. */
const EVENT_ROUNDS = 8;

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
    await this.#settle();
    while (!isDone()) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs) break;
      this.#pop();
      if (event.fn === null) continue;
      this.nowMs = event.atMs;
      this.eventCount++;
      event.fn();
      await this.#settle();
    }
    if (!isDone()) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Runs what was deferred and the microtasks behind it, until nothing is left to be deferred. */
  async #settle(): Promise<void> {
    for (let round = 0; round < EVENT_ROUNDS; round++) {
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
      if (!isBefore(event, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as SimEvent;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least = right < heap.length && isBefore(heap[right], heap[left]) ? right : left;
      if (!isBefore(heap[least], last)) break;
      heap[at] = heap[least];
      at = least;
    }
    heap[at] = last;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
