import type { WaitOptions } from "./client.ts";
import { enterLine, isAtFront, leaveInVain, leaveLine, type Place, untilFront } from "./line.ts";
import type { Session } from "./session.ts";

/**
 * A lock that is held, in etcd's layout: `etcdctl lock` waits for it, and it for `etcdctl lock`.
 *
 * No lock of this kind excludes others all by itself: a program that stood still may find out too
 * late that its session is lost. What the lock protects must refuse a smaller
 * {@linkcode Lock.token} than it has seen.
 *
 * @example Do something alone
 * ```ts
 * import { Lock, type Session } from "@kvorum/kvorum/client";
 *
 * async function alone(session: Session, work: (token: number, lost: AbortSignal) => Promise<void>) {
 *   await using lock = await Lock.acquire(session, "jobs/nightly");
 *   await work(lock.token, lock.lost);
 * }
 * ```
 */
export class Lock implements AsyncDisposable {
  /** The key that stands for the holder. */
  readonly key: string;
  /** Grows with each holder: hand it to what the lock protects. */
  readonly token: number;
  readonly #session: Session;
  readonly #place: Place;
  #isReleased = false;

  private constructor(session: Session, place: Place) {
    this.key = place.key;
    this.token = place.revision;
    this.#session = session;
    this.#place = place;
  }

  /**
   * Waits for the lock, in turn. It is released when the session ends, at the latest.
   * @throws {SessionLostError} when the session is lost meanwhile
   */
  static async acquire(session: Session, name: string, options: WaitOptions = {}): Promise<Lock> {
    const place = await enterLine(session, name, "", options);
    try {
      await untilFront(session, name, place, options);
      return new Lock(session, place);
    } catch (error) {
      return await leaveInVain(session, place, error);
    }
  }

  /** Takes the lock if it is free. @returns null if somebody else has it */
  static async tryAcquire(
    session: Session,
    name: string,
    options: WaitOptions = {},
  ): Promise<Lock | null> {
    const place = await enterLine(session, name, "", options);
    try {
      if (await isAtFront(session.client, name, place, options)) return new Lock(session, place);
    } catch (error) {
      return await leaveInVain(session, place, error);
    }
    await leaveLine(session, place);
    return null;
  }

  /** Aborts when the lock is not held any more because its session is lost. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /** Lets the next one have the lock. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await leaveLine(this.#session, this.#place);
  }

  /** The same as {@linkcode Lock.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}
