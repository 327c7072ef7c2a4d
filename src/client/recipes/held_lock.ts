import type { Data } from "../data.ts";
import { inLine, leaveLine, type Line, type Place, untilFront } from "./line.ts";
import type { Session } from "./session.ts";
import type { RecipeOptions } from "./wait.ts";

/**
 * A lock that a session holds, of whichever kind.
 *
 * @example What any kind of lock may guard
 * ```ts
 * import { type HeldLock, Lock, Session, WriteLock } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * let newest = 0;
 * function write(lock: HeldLock): void {
 *   lock.lost.throwIfAborted();
 *   if (lock.token < newest) throw new Error("A newer holder has written");
 *   newest = lock.token;
 * }
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 * for (const kind of [Lock, WriteLock]) {
 *   await using lock = await kind.acquire(session, `guard/${kind.name}`);
 *   write(lock);
 * }
 * ```
 */
export class HeldLock implements AsyncDisposable {
  /** The key that stands for the holder. */
  readonly key: string;
  /** Grows with each holder: hand it to what the lock protects, which refuses a smaller one. */
  readonly token: number;
  readonly #session: Session;
  readonly #place: Place;
  #isReleased = false;

  /**
   * Programs call the `acquire` of a lock instead.
   * @internal
   */
  constructor(session: Session, place: Place) {
    this.key = place.key;
    this.token = place.revision;
    this.#session = session;
    this.#place = place;
  }

  /** Aborts when the lock is not held any more because its session is lost. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /** Lets the next one have the lock. @throws {KvorumError} when nobody answers: try again */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    await leaveLine(this.#session, this.#place);
    this.#isReleased = true;
  }

  /** The same as {@linkcode HeldLock.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

const NO_VALUE: Data = "";

/** Waits for a place at the front of a line. */
export function standInLine(
  session: Session,
  line: Line,
  options: RecipeOptions,
): Promise<Place> {
  return inLine(session, line, NO_VALUE, options, async (place, signal) => {
    await untilFront(session, line, place, signal);
    return place;
  });
}

/** Takes a place at the front of a line. @returns null if somebody stands there */
export function tryLine(
  session: Session,
  line: Line,
  options: RecipeOptions,
): Promise<Place | null> {
  return inLine(session, line, NO_VALUE, options, async (place) => {
    if (place.isFront) return place;
    if (place.found === null) await leaveLine(session, place);
    return null;
  });
}
