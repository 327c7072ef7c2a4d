/**
 * Standing in line with keys that end with their sessions: what locks and elections have in common,
 * in etcd's layout, so that all clients stand in the same line. Ref: etcd client/v3/concurrency.
 */
import type { KvorumClient, WaitOptions } from "./client.ts";
import { toText } from "./data.ts";
import { CompactedError } from "./errors.ts";
import { type Session, SessionLostError } from "./session.ts";
import { compare, op } from "./txn.ts";

/** Somebody's place in a line. */
export interface Place {
  /** The key that stands in the line. */
  readonly key: string;
  /** The revision that created the key: who has a smaller one stands further ahead. */
  readonly revision: number;
  /** The value that the key had when it was found or made. */
  readonly value: string;
}

/** The keys of the line `name`. */
export function prefixOf(name: string): string {
  return `${name}/`;
}

/** Enters the line, or finds the place that the session has in it. */
export async function enterLine(
  session: Session,
  name: string,
  value: string,
  options: WaitOptions,
): Promise<Place> {
  const { client, lease } = session;
  session.lost.throwIfAborted();
  const key = prefixOf(name) + lease.toString(16);
  const entered = await client.txn()
    .when(compare.createRevision(key, "==", 0))
    .do(op.put(key, value, { lease }))
    .otherwise(op.get(key))
    .commit(options);
  if (entered.succeeded) return { key, revision: entered.revision, value };
  const [own] = entered.results;
  return { key, revision: own?.createRevision ?? 0, value: toText(own?.value ?? new Uint8Array()) };
}

/** Whether nobody stands ahead. */
export async function isAtFront(
  client: KvorumClient,
  name: string,
  place: Place,
  options: WaitOptions,
): Promise<boolean> {
  const ahead = { sortBy: "create", limit: 1, maxCreateRevision: place.revision - 1 } as const;
  const { kvs } = await client.range({ prefix: prefixOf(name) }, { ...ahead, ...options });
  return kvs.length === 0;
}

/**
 * Waits until nobody stands ahead.
 * @throws {SessionLostError} when the place is gone
 */
export async function untilFront(
  session: Session,
  name: string,
  place: Place,
  options: WaitOptions,
): Promise<void> {
  const { client } = session;
  const signals = options.signal === undefined ? [session.lost] : [session.lost, options.signal];
  const signal = AbortSignal.any(signals);
  const range = { prefix: prefixOf(name) };
  const last = { sortBy: "create", descending: true, limit: 1, keysOnly: true } as const;
  for (;;) {
    const filter = { ...last, maxCreateRevision: place.revision - 1 };
    const { kvs, revision } = await client.range(range, { ...filter, ...options, signal });
    if (kvs.length === 0) break;
    await untilDeleted(client, kvs[0].key, revision + 1, signal);
  }
  // Safety: the line may be empty because our own key has ended, too.
  const own = await client.get(place.key, { ...options, signal });
  if (own?.createRevision !== place.revision) throw new SessionLostError();
}

/** Waits until a key is deleted. When history is compacted meanwhile, it looks as if it were. */
async function untilDeleted(
  client: KvorumClient,
  key: Uint8Array,
  startRevision: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    const watch = client.watch(key, { startRevision, without: "puts", signal });
    for await (const _batch of watch) return;
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
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

/** Leaves the line because of an error, which is thrown on. */
export async function leaveInVain(session: Session, place: Place, error: unknown): Promise<never> {
  try {
    await leaveLine(session, place);
  } catch (second) {
    // The key ends with the session at the latest.
    throw new AggregateError([error, second], "Cannot wait, and cannot leave the line");
  }
  throw error;
}
