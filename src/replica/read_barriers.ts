import { ReplicaError } from "./errors.ts";

interface Waiter {
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Reads that share one question to the leader. */
interface Round {
  readonly context: number;
  waiters: Waiter[];
  readonly startedMs: number;
  /** The leader's answer: reads may be served once this index is applied. */
  index: number | null;
}

/** A lost question is asked again after this long: etcd's read index retry. */
const RETRY_MS = 500;
/** How many contexts one incarnation may use: contexts never repeat across restarts. */
const CONTEXTS_PER_INCARNATION = 2 ** 32;
/** Reads that wait; past this many, new ones are refused. */
const WAITERS_MAX = 100_000;

/**
 * Linearizable reads (thesis §6.4). All reads that arrive while one question to the leader is open
 * share the next one.
 *
 * Safety: a read may only join a question that is asked after the read arrived, and every question
 * has a context of its own, also after a restart, so that a late answer to an earlier question is
 * never taken for a newer one's.
 */
export class ReadBarriers {
  #nextContext: number;
  #gathered: Waiter[] = [];
  #asking: Round | null = null;
  /** Answered rounds that wait for the machine. */
  #answered: Round[] = [];
  #waiterCount = 0;
  #slowCount = 0;
  #failedCount = 0;

  /** @param incarnation Grows with every start of the replica, below 2^20. */
  constructor(incarnation: number) {
    this.#nextContext = (incarnation % 2 ** 20) * CONTEXTS_PER_INCARNATION + 1;
  }

  /** Waits until the machine has applied everything that was acknowledged before this call. */
  add(deadlineMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#waiterCount >= WAITERS_MAX) {
      return Promise.reject(
        new ReplicaError("too many requests", `Cannot take the read: ${WAITERS_MAX} reads wait`),
      );
    }
    this.#waiterCount++;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      const release = () => {
        this.#waiterCount--;
        signal?.removeEventListener("abort", onAbort);
      };
      this.#gathered.push({
        deadlineMs,
        resolve: () => {
          release();
          resolve();
        },
        reject: (error) => {
          this.#failedCount++;
          release();
          reject(error);
        },
      });
    });
  }

  /** How many questions got no answer in time. */
  get slowCount(): number {
    return this.#slowCount;
  }

  /** How many reads were given up. */
  get failedCount(): number {
    return this.#failedCount;
  }

  /** Whether a question should be asked now. */
  get wantsRound(): boolean {
    return this.#asking === null && this.#gathered.length > 0;
  }

  /** Opens a round for all gathered reads and gives the context to ask with. */
  openRound(nowMs: number): number {
    const context = this.#nextContext++;
    this.#asking = { context, waiters: this.#gathered, startedMs: nowMs, index: null };
    this.#gathered = [];
    return context;
  }

  /** Takes the open round back: the question could not be asked, or its answer will not come. */
  reopen(): void {
    if (this.#asking === null) return;
    this.#gathered = this.#asking.waiters.concat(this.#gathered);
    this.#asking = null;
  }

  /** Takes the leader's answer; answers to anything but the open question are stale. */
  answer(context: number, index: number): void {
    if (this.#asking === null || this.#asking.context !== context) return;
    this.#asking.index = index;
    this.#answered.push(this.#asking);
    this.#asking = null;
  }

  /** Serves every read whose index the machine has applied. */
  serve(appliedIndex: number): void {
    let kept = 0;
    for (const round of this.#answered) {
      if (round.index !== null && round.index <= appliedIndex) {
        for (const waiter of round.waiters) waiter.resolve();
      } else {
        this.#answered[kept++] = round;
      }
    }
    this.#answered.length = kept;
  }

  /** Asks again what got no answer, and gives up reads past their deadline. */
  expire(nowMs: number): void {
    if (this.#asking !== null && nowMs - this.#asking.startedMs >= RETRY_MS) {
      this.#slowCount++;
      this.reopen();
    }
    this.#gathered = rejectExpired(this.#gathered, nowMs);
    for (const round of this.#answered) round.waiters = rejectExpired(round.waiters, nowMs);
  }

  /** Refuses every read that waits. */
  rejectAll(error: Error): void {
    this.reopen();
    const waiters = this.#gathered.concat(...this.#answered.map((round) => round.waiters));
    this.#gathered = [];
    this.#answered = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}

function rejectExpired(waiters: Waiter[], nowMs: number): Waiter[] {
  if (waiters.length === 0 || waiters[0].deadlineMs > nowMs) return waiters;
  const alive: Waiter[] = [];
  for (const waiter of waiters) {
    if (waiter.deadlineMs > nowMs) {
      alive.push(waiter);
    } else {
      waiter.reject(
        new ReplicaError(
          "timed out",
          "The read found no leader in time: check that a quorum is up",
        ),
      );
    }
  }
  return alive;
}
