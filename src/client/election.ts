import type { KvorumClient, WaitOptions } from "./client.ts";
import { CompactedError, KvorumError } from "./errors.ts";
import type { KeyValue } from "./key_value.ts";
import { enterLine, leaveInVain, leaveLine, type Place, prefixOf, untilFront } from "./line.ts";
import type { Session } from "./session.ts";
import { compare, op } from "./txn.ts";

/**
 * An election that was won, in etcd's layout: `etcdctl elect` takes part in the same one.
 *
 * @example Lead for as long as possible
 * ```ts
 * import { Leadership, type Session } from "@kvorum/kvorum/client";
 *
 * async function lead(session: Session, work: (lost: AbortSignal) => Promise<void>) {
 *   await using leadership = await Leadership.campaign(session, "scheduler", "host-1");
 *   await work(leadership.lost);
 * }
 * ```
 */
export class Leadership implements AsyncDisposable {
  /** The key that stands for the leader. */
  readonly key: string;
  /** Grows with each leader: hand it to what only the leader may do. */
  readonly token: number;
  readonly #session: Session;
  readonly #place: Place;

  private constructor(session: Session, place: Place) {
    this.key = place.key;
    this.token = place.revision;
    this.#session = session;
    this.#place = place;
  }

  /**
   * Waits until this session leads.
   * @param value What the leader proclaims at first: who it is, or where.
   * @throws {SessionLostError} when the session is lost meanwhile
   */
  static async campaign(
    session: Session,
    name: string,
    value: string,
    options: WaitOptions = {},
  ): Promise<Leadership> {
    const place = await enterLine(session, name, value, options);
    try {
      const leadership = new Leadership(session, place);
      if (place.value !== value) await leadership.proclaim(value, options);
      await untilFront(session, name, place, options);
      return leadership;
    } catch (error) {
      return await leaveInVain(session, place, error);
    }
  }

  /** Aborts when this session does not lead any more because it is lost. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /** Says something new without another election. @throws {KvorumError} if it does not lead */
  async proclaim(value: string, options: WaitOptions = {}): Promise<void> {
    const { client, lease } = this.#session;
    const { succeeded } = await client.txn()
      .when(compare.createRevision(this.key, "==", this.token))
      .do(op.put(this.key, value, { lease }))
      .commit(options);
    if (!succeeded) throw new KvorumError("FAILED_PRECONDITION", "election: not leader");
  }

  /** Lets the next candidate lead. */
  resign(): Promise<void> {
    return leaveLine(this.#session, this.#place);
  }

  /** The same as {@linkcode Leadership.resign}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.resign();
  }
}

/** Who leads. @returns the leader's key with what it proclaims, or null if nobody does */
export async function leaderOf(
  client: KvorumClient,
  name: string,
  options: WaitOptions = {},
): Promise<KeyValue | null> {
  return (await leaderNow(client, name, options)).leader;
}

/**
 * Who leads, and every change of that: another leader, something new that it proclaims, or null while
 * nobody leads. Only the newest is told to who looks late.
 *
 * @example
 * ```ts
 * import { type KvorumClient, observeLeader } from "@kvorum/kvorum/client";
 *
 * async function follow(client: KvorumClient, onLeader: (host: string) => void): Promise<void> {
 *   for await (const leader of observeLeader(client, "scheduler")) onLeader(leader?.text() ?? "");
 * }
 * ```
 */
export async function* observeLeader(
  client: KvorumClient,
  name: string,
  options: WaitOptions = {},
): AsyncGenerator<KeyValue | null> {
  let told: number | null = null;
  for (;;) {
    const { leader, revision } = await leaderNow(client, name, options);
    const modRevision = leader?.modRevision ?? 0;
    if (modRevision !== told) yield leader;
    told = modRevision;
    await untilChange(client, name, revision + 1, options.signal);
  }
}

async function leaderNow(
  client: KvorumClient,
  name: string,
  options: WaitOptions,
): Promise<{ leader: KeyValue | null; revision: number }> {
  const first = { sortBy: "create", limit: 1 } as const;
  const { kvs, revision } = await client.range({ prefix: prefixOf(name) }, {
    ...first,
    ...options,
  });
  return { leader: kvs[0] ?? null, revision };
}

async function untilChange(
  client: KvorumClient,
  name: string,
  startRevision: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const watchOptions = signal === undefined ? { startRevision } : { startRevision, signal };
  try {
    for await (const _batch of client.watch({ prefix: prefixOf(name) }, watchOptions)) return;
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
  }
}
