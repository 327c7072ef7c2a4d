import { HeldLock, standInLine, tryLine } from "./held_lock.ts";
import type { Line } from "./line.ts";
import type { Session } from "./session.ts";
import { type RecipeOptions, uniqueName } from "./wait.ts";

/** Readers wait for the writers ahead of them, writers for everybody. */
function lineOf({ client }: Session, name: string, kind: "read" | "write"): Line {
  return {
    newKey: () => `${name}/${kind}/${uniqueName(client)}`,
    isFoundAgain: false,
    prefix: kind === "read" ? `${name}/write` : `${name}/`,
  };
}

/**
 * A read-write lock that is held for reading, together with other readers, in the layout of etcd's
 * `recipe.RWMutex`. Readers and writers get it in the order in which they came, so that nobody
 * starves: a reader also waits for a writer that waits. See {@linkcode Lock} for what the token is
 * for: a reader's is greater than those of all writers before.
 *
 * @example Read together what nobody writes meanwhile
 * ```ts
 * import { ReadLock, Session, WriteLock } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 *
 * await using _ann = await ReadLock.acquire(session, "ledger");
 * await using _bob = await ReadLock.acquire(session, "ledger");
 * if (await WriteLock.tryAcquire(session, "ledger") !== null) throw new Error("Somebody writes");
 * ```
 */
export class ReadLock extends HeldLock {
  /**
   * Waits until no writer is ahead.
   * @throws {SessionLostError} when the session is lost meanwhile
   * @throws {KvorumError} `DEADLINE_EXCEEDED` when it was not to be had in time
   */
  static async acquire(
    session: Session,
    name: string,
    options: RecipeOptions = {},
  ): Promise<ReadLock> {
    return new ReadLock(
      session,
      await standInLine(session, lineOf(session, name, "read"), options),
    );
  }

  /** Takes the lock unless somebody writes or waits for that. @returns null if somebody does */
  static async tryAcquire(
    session: Session,
    name: string,
    options: RecipeOptions = {},
  ): Promise<ReadLock | null> {
    const place = await tryLine(session, lineOf(session, name, "read"), options);
    return place === null ? null : new ReadLock(session, place);
  }
}

/**
 * A read-write lock that is held for writing, by nobody else, in the layout of etcd's
 * `recipe.RWMutex`. See {@linkcode ReadLock}, and {@linkcode Lock} for what the token is for.
 *
 * @example Write what nobody reads meanwhile
 * ```ts
 * import { ReadLock, Session, WriteLock } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 *
 * await using lock = await WriteLock.acquire(session, "ledger");
 * console.log("written with token", lock.token);
 * if (await ReadLock.tryAcquire(session, "ledger") !== null) throw new Error("Somebody reads");
 * ```
 */
export class WriteLock extends HeldLock {
  /**
   * Waits until nobody is ahead.
   * @throws {SessionLostError} when the session is lost meanwhile
   * @throws {KvorumError} `DEADLINE_EXCEEDED` when it was not to be had in time
   */
  static async acquire(
    session: Session,
    name: string,
    options: RecipeOptions = {},
  ): Promise<WriteLock> {
    const place = await standInLine(session, lineOf(session, name, "write"), options);
    return new WriteLock(session, place);
  }

  /** Takes the lock if it is free. @returns null if somebody reads or writes, or waits for that */
  static async tryAcquire(
    session: Session,
    name: string,
    options: RecipeOptions = {},
  ): Promise<WriteLock | null> {
    const place = await tryLine(session, lineOf(session, name, "write"), options);
    return place === null ? null : new WriteLock(session, place);
  }
}
