/**
 * Standing in line with keys that end with their sessions: what locks and elections have in common,
 * in etcd's layout, so that all clients stand in the same line.
 *
 * Ref: etcd client/v3/concurrency, client/v3/experimental/recipes/rwmutex.go.
 */
import { assert } from "../../base/assert.ts";
import type { Data } from "../data.ts";
import { KvorumError } from "../errors.ts";
import { compare, op } from "../txn.ts";
import { type Session, SessionLostError } from "./session.ts";
import { nextChange, type RecipeOptions, waiting } from "./wait.ts";

/** A line, as one session sees it. */
export interface Line {
  /** Makes the key that stands for the session. */
  readonly newKey: () => string;
  /** Whether the session finds its place again, or takes another one each time. */
  readonly isFoundAgain: boolean;
  /** The keys that may stand ahead begin with this. */
  readonly prefix: string;
}

/** Somebody's place in a line. */
export interface Place {
  /** The key that stands in the line. */
  readonly key: string;
  /** The revision that created the key: who has a smaller one stands further ahead. */
  readonly revision: number;
  /** The value that the key had when it was found, or null if it was made. */
  readonly found: Uint8Array | null;
  /** Whether nobody stood ahead then. */
  readonly isFront: boolean;
}

/** The line in which each session has one place: that of locks and elections. */
export function singleLine({ lease }: Session, name: string): Line {
  const prefix = `${name}/`;
  return { newKey: () => prefix + lease.toString(16), isFoundAgain: true, prefix };
}

/**
 * Enters a line and does something there. If that fails, or is given up, nothing stays behind.
 * @throws {SessionLostError} when the session is lost meanwhile
 */
export function inLine<T>(
  session: Session,
  line: Line,
  value: Data,
  options: RecipeOptions,
  run: (place: Place, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return waiting(session.client, options, session.lost, async (signal) => {
    for (;;) {
      const key = line.newKey();
      try {
        const place = await enterLine(session, line, key, value, signal);
        if (place !== null) return await run(place, signal);
      } catch (error) {
        return await leaveInVain(session, key, error);
      }
    }
  });
}

/** Enters the line, or finds the place in it. @returns null if the key is taken */
async function enterLine(
  { client, lease }: Session,
  { isFoundAgain, prefix }: Line,
  key: string,
  value: Data,
  signal: AbortSignal,
): Promise<Place | null> {
  const first = op.range({ prefix }, { sortBy: "create", limit: 1, keysOnly: true });
  try {
    const entered = await client.txn()
      .when(compare.createRevision(key, "==", 0))
      .do(op.put(key, value, { lease }), first)
      .otherwise(op.get(key), first)
      .commit({ signal });
    if (!entered.succeeded && !isFoundAgain) return null;
    const own = entered.succeeded ? null : entered.results[0];
    const revision = own?.createRevision ?? entered.revision;
    const [front] = entered.results[1].kvs;
    const isFront = front === undefined || front.createRevision >= revision;
    return { key, revision, found: own?.value ?? null, isFront };
  } catch (error) {
    const isLost = error instanceof KvorumError && error.code === "NOT_FOUND";
    throw isLost ? new SessionLostError({ cause: error }) : error;
  }
}

/**
 * Waits until nobody stands ahead.
 * @throws {SessionLostError} when the place is gone
 */
export async function untilFront(
  { client }: Session,
  { prefix }: Line,
  { key, revision, isFront }: Place,
  signal: AbortSignal,
): Promise<void> {
  if (isFront) return;
  const range = { prefix };
  const last = { sortBy: "create", descending: true, limit: 1, keysOnly: true } as const;
  const ahead = op.range(range, { ...last, maxCreateRevision: revision - 1 });
  for (;;) {
    const seen = await client.txn().do(ahead, op.get(key)).commit({ signal });
    assert(seen.succeeded, "A transaction without conditions succeeds");
    const [{ kvs: [blocker] }, own] = seen.results;
    // Safety: the line may be empty because our own key has ended, too.
    if (own?.createRevision !== revision) throw new SessionLostError();
    if (blocker === undefined) return;
    await nextChange(client, blocker.key, "deletes", seen.revision + 1, signal);
  }
}

/** Leaves the line, unless the place is gone already. */
export async function leaveLine(session: Session, place: Place): Promise<void> {
  if (session.lost.aborted) return;
  await session.client.txn()
    .when(compare.createRevision(place.key, "==", place.revision))
    .do(op.delete(place.key))
    .commit();
}

/**
 * Leaves the line because of an error, which is thrown on. Why by the lease: whether the key was
 * made, and when, is not known if the answer did not come.
 */
export async function leaveInVain(session: Session, key: string, error: unknown): Promise<never> {
  const { client, lease, lost } = session;
  try {
    if (!lost.aborted) {
      await client.txn().when(compare.lease(key, "==", lease)).do(op.delete(key)).commit();
    }
  } catch (second) {
    // The key ends with its session at the latest.
    if (!(second instanceof KvorumError)) throw second;
  }
  throw error;
}
