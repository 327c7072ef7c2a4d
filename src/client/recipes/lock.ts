import { HeldLock, standInLine, tryLine } from "./held_lock.ts";
import { singleLine } from "./line.ts";
import type { Session } from "./session.ts";
import type { RecipeOptions } from "./wait.ts";

/**
 * A lock that is held, in etcd's layout: `etcdctl lock` waits for it, and it for `etcdctl lock`. A
 * session holds a lock once: who wants it twice in one program opens two sessions.
 *
 * No lock of this kind excludes others all by itself: a program that stood still may find out too
 * late that its session is lost. What the lock protects must refuse a smaller
 * {@linkcode Lock.token} than it has seen.
 *
 * @example Do something alone
 * ```ts
 * import { Lock, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using ann = await Session.open(cluster.client, { ttlSeconds: 10 });
 * await using bob = await Session.open(cluster.client, { ttlSeconds: 10 });
 *
 * {
 *   await using lock = await Lock.acquire(ann, "jobs/nightly", { deadlineMs: 60_000 });
 *   console.log("alone, with token", lock.token);
 *   if (await Lock.tryAcquire(bob, "jobs/nightly") !== null) throw new Error("Not alone");
 * }
 * await using _lock = await Lock.acquire(bob, "jobs/nightly"); // released above
 * ```
 */
export class Lock extends HeldLock {
  /**
   * Waits for the lock, in turn. It is released when the session ends, at the latest.
   * @throws {SessionLostError} when the session is lost meanwhile
   * @throws {KvorumError} `DEADLINE_EXCEEDED` when it was not to be had in time
   */
  static async acquire(
    session: Session,
    name: string,
    options: RecipeOptions = {},
  ): Promise<Lock> {
    return new Lock(session, await standInLine(session, singleLine(session, name), options));
  }

  /** Takes the lock if it is free. @returns null if somebody else has it */
  static async tryAcquire(
    session: Session,
    name: string,
    options: RecipeOptions = {},
  ): Promise<Lock | null> {
    const place = await tryLine(session, singleLine(session, name), options);
    return place === null ? null : new Lock(session, place);
  }
}
