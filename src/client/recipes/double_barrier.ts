import { assert } from "../../base/assert.ts";
import { KvorumError } from "../errors.ts";
import type { KeyValue } from "../key_value.ts";
import { compare, op } from "../txn.ts";
import { inLine, leaveInVain, type Place } from "./line.ts";
import { type Session, SessionLostError } from "./session.ts";
import { nextChange, type RecipeOptions, uniqueName, waiting } from "./wait.ts";

/**
 * Several programs that begin something together and end it together, in the layout of etcd's
 * `recipe.DoubleBarrier`. Who dies meanwhile is not waited for.
 *
 * @example Work in step with another one
 * ```ts
 * import { DoubleBarrier, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const begun = new Set<string>();
 *
 * async function work(name: string): Promise<void> {
 *   await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 *   const together = await DoubleBarrier.enter(session, "simulation/step-7", 2);
 *   begun.add(name); // both are inside
 *   await together.leave();
 *   if (begun.size !== 2) throw new Error("One left before the other began");
 * }
 *
 * await Promise.all([work("ann"), work("bob")]);
 * ```
 */
export class DoubleBarrier implements AsyncDisposable {
  /** The key that stands for the one who entered. */
  readonly key: string;
  readonly #session: Session;
  readonly #name: string;
  /** The revision at which the barrier opened. Invariant: who entered later belongs to another round. */
  readonly #openedRevision: number;

  private constructor(session: Session, name: string, key: string, openedRevision: number) {
    this.key = key;
    this.#session = session;
    this.#name = name;
    this.#openedRevision = openedRevision;
  }

  /**
   * Waits until so many have entered.
   * @throws {KvorumError} `FAILED_PRECONDITION` when so many are inside already;
   * `DEADLINE_EXCEEDED` when they were not there in time
   * @throws {SessionLostError} when the session is lost meanwhile
   */
  static enter(
    session: Session,
    name: string,
    count: number,
    options: RecipeOptions = {},
  ): Promise<DoubleBarrier> {
    if (!(count >= 1)) throw new RangeError(`Cannot wait for ${count} to enter: at least 1`);
    const prefix = `${name}/waiters/`;
    const newKey = () => prefix + uniqueName(session.client);
    const line = { newKey, isFoundAgain: false, prefix };
    return inLine(session, line, "", options, async (place, signal) => {
      const opened = await untilOpened(session, name, count, place, signal);
      return new DoubleBarrier(session, name, place.key, opened);
    });
  }

  /** Aborts when the others do not wait any more because the session is lost. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /**
   * Leaves, and waits until all others have left. It is left even if the waiting is given up.
   * @throws {KvorumError} `DEADLINE_EXCEEDED` when the others did not leave in time
   * @throws {SessionLostError} when the session is lost meanwhile
   */
  leave(options: RecipeOptions = {}): Promise<void> {
    const session = this.#session;
    return waiting(session.client, options, session.lost, async (signal) => {
      try {
        await this.#leave(signal);
      } catch (error) {
        await leaveInVain(session, this.key, error);
      }
    });
  }

  /** The same as {@linkcode DoubleBarrier.leave}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  /**
   * The first to enter leaves last, when the others are gone: they wait for it alone, and it waits
   * for one of them after the other. Ref: etcd client/v3/experimental/recipes/double_barrier.go.
   */
  async #leave(signal: AbortSignal): Promise<void> {
    const { client } = this.#session;
    for (;;) {
      const { kvs, revision } = await insiders(this.#session, this.#name, {
        maxCreateRevision: this.#openedRevision,
        signal,
      });
      if (kvs.length === 0) return;
      const [first] = kvs;
      const isFirst = first.name === this.key;
      if (isFirst && kvs.length === 1) return await this.#close(signal);
      if (!isFirst) await client.delete(this.key, { signal });
      const awaited = isFirst ? kvs[kvs.length - 1] : first;
      await nextChange(client, awaited.key, "deletes", revision + 1, signal);
    }
  }

  async #close(signal: AbortSignal): Promise<void> {
    const ready = readyKey(this.#name);
    await this.#session.client.txn()
      // Another round may have opened the barrier again.
      .when(compare.modRevision(ready, "<", this.#openedRevision + 1))
      .do(op.delete(ready), op.delete(this.key))
      .otherwise(op.delete(this.key))
      .commit({ signal });
  }
}

function readyKey(name: string): string {
  return `${name}/ready`;
}

/** Who is inside, in the order in which they came. */
async function insiders(
  { client }: Session,
  name: string,
  options: { readonly maxCreateRevision?: number; readonly signal: AbortSignal },
): Promise<{ kvs: readonly KeyValue[]; revision: number }> {
  const inOrder = { sortBy: "create", keysOnly: true } as const;
  return await client.range({ prefix: `${name}/waiters/` }, { ...inOrder, ...options });
}

/** Who completes the number opens the barrier for all. @returns the revision at which it opened */
async function untilOpened(
  session: Session,
  name: string,
  count: number,
  { key, revision: own }: Place,
  signal: AbortSignal,
): Promise<number> {
  const { client } = session;
  const { kvs } = await insiders(session, name, { signal });
  const last = kvs[count - 1]?.createRevision ?? Infinity;
  if (own > last) {
    throw new KvorumError(
      "FAILED_PRECONDITION",
      `${count} are inside: as many as the barrier takes`,
    );
  }
  const ready = readyKey(name);
  if (own === last) return (await client.put(ready, "", { signal })).revision;
  for (;;) {
    const seen = await client.txn().do(op.get(ready), op.get(key)).commit({ signal });
    assert(seen.succeeded, "A transaction without conditions succeeds");
    const [opened, entered] = seen.results;
    if (entered?.createRevision !== own) throw new SessionLostError();
    if (opened !== null && opened.modRevision > own) return opened.modRevision;
    await nextChange(client, ready, "puts", seen.revision + 1, signal);
  }
}
