import { equalBytes } from "../../base/bytes.ts";
import type { KvorumClient, WaitOptions } from "../client.ts";
import { type Data, toBytes } from "../data.ts";
import { KvorumError } from "../errors.ts";
import type { KeyValue } from "../key_value.ts";
import { compare, op } from "../txn.ts";
import { inLine, leaveLine, type Place, singleLine, untilFront } from "./line.ts";
import type { Session } from "./session.ts";
import { nextChange, type RecipeOptions } from "./wait.ts";

/**
 * An election that was won, in etcd's layout: `etcdctl elect` takes part in the same one.
 *
 * @example Lead, and hand over
 * ```ts
 * import { Leadership, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using ann = await Session.open(cluster.client, { ttlSeconds: 10 });
 * await using bob = await Session.open(cluster.client, { ttlSeconds: 10 });
 *
 * const first = await Leadership.campaign(ann, "scheduler", "host-1");
 * const campaign = Leadership.campaign(bob, "scheduler", "host-2"); // waits
 * await first.proclaim("host-1, 3 jobs running");
 * await first.resign();
 *
 * await using second = await campaign;
 * if (second.token <= first.token) throw new Error("Tokens grow with each leader");
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
   * @throws {KvorumError} `DEADLINE_EXCEEDED` when it did not lead in time
   */
  static campaign(
    session: Session,
    name: string,
    value: Data,
    options: RecipeOptions = {},
  ): Promise<Leadership> {
    const line = singleLine(session, name);
    return inLine(session, line, value, options, async (place, signal) => {
      const leadership = new Leadership(session, place);
      const isOld = place.found !== null && !equalBytes(place.found, toBytes(value));
      if (isOld) await leadership.proclaim(value, { signal });
      await untilFront(session, line, place, signal);
      return leadership;
    });
  }

  /** Aborts when this session does not lead any more because it is lost. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /** Says something new without another election. @throws {KvorumError} if it does not lead */
  async proclaim(value: Data, options: WaitOptions = {}): Promise<void> {
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

/**
 * Who leads.
 * @returns the leader's key with what it proclaims, or null if nobody does
 *
 * @example Who it is
 * ```ts
 * import { leaderOf, Leadership, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * console.log(await leaderOf(client, "scheduler")); // null: nobody leads
 *
 * await using session = await Session.open(client, { ttlSeconds: 10 });
 * await using _leadership = await Leadership.campaign(session, "scheduler", "host-1");
 * if ((await leaderOf(client, "scheduler"))?.text() !== "host-1") throw new Error("Not leading");
 * ```
 */
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
 * @example Follow whoever leads
 * ```ts
 * import { Leadership, observeLeader, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await using session = await Session.open(client, { ttlSeconds: 10 });
 * await using leadership = await Leadership.campaign(session, "scheduler", "host-1");
 *
 * for await (const leader of observeLeader(client, "scheduler")) {
 *   console.log(leader?.text() ?? "nobody"); // host-1, then nobody
 *   if (leader === null) break;
 *   await leadership.resign();
 * }
 * ```
 */
export async function* observeLeader(
  client: KvorumClient,
  name: string,
  options: WaitOptions = {},
): AsyncGenerator<KeyValue | null> {
  const signal = options.signal ?? new AbortController().signal;
  let told: number | null = null;
  for (;;) {
    const { leader, revision } = await leaderNow(client, name, options);
    const modRevision = leader?.modRevision ?? 0;
    if (modRevision !== told) yield leader;
    told = modRevision;
    await nextChange(client, { prefix: `${name}/` }, "all", revision + 1, signal);
  }
}

async function leaderNow(
  client: KvorumClient,
  name: string,
  options: WaitOptions,
): Promise<{ leader: KeyValue | null; revision: number }> {
  const first = { sortBy: "create", limit: 1 } as const;
  const { kvs, revision } = await client.range({ prefix: `${name}/` }, { ...first, ...options });
  return { leader: kvs[0] ?? null, revision };
}
