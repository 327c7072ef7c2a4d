import { concatBytes } from "../base/bytes.ts";
import type { KvorumClient } from "./client.ts";
import { KvorumError, OutcomeUnknownError } from "./errors.ts";
import { Possession } from "./possession.ts";
import { Session } from "./recipes/session.ts";
import { compare, op } from "./txn.ts";
import type { Watch, WatchEvent } from "./watch.ts";

/** What a possession's key holds when somebody wants it back. Ref: etcd client/v3/leasing/kv.go. */
export const ASKED_BACK = "REVOKE";
/** After a session could not be begun, the next attempt waits. */
const RETRY_MS = 2_000;

/** How possessions are held. */
export interface PossessionsOptions {
  readonly ttlSeconds: number;
  readonly keysMax: number;
}

/** A key's bytes, one character each: unlike text, no two keys have the same. */
export function nameOf(key: Uint8Array): string {
  let name = "";
  for (const byte of key) name += String.fromCharCode(byte);
  return name;
}

/**
 * Which keys this program possesses: a key under the prefix, on the lease of a session, stands for
 * each. One watch over the prefix hears who wants one back.
 *
 * Safety: what is possessed is forgotten before the key that stands for it goes, and when the lease
 * may have run out.
 */
export class Possessions {
  readonly #client: KvorumClient;
  readonly #prefix: Uint8Array;
  readonly #options: PossessionsOptions;
  readonly #keys = new Map<string, Possession>();
  /** What goes on in the background. None of it rejects. */
  readonly #tasks = new Set<Promise<void>>();
  #session: Session | null = null;
  #isBeginning = false;
  #retryAtMs = -Infinity;
  #isClosed = false;

  constructor(client: KvorumClient, prefix: Uint8Array, options: PossessionsOptions) {
    this.#client = client;
    this.#prefix = prefix;
    this.#options = options;
  }

  /** The session that possessions hang on, or null while there is none. */
  get session(): Session | null {
    return this.#session?.isLive ? this.#session : null;
  }

  /** The key that stands for the possession of a key. */
  markOf(key: Uint8Array): Uint8Array {
    return concatBytes([this.#prefix, key]);
  }

  /** What is known of a key. */
  get(name: string): Possession | undefined {
    return this.session === null ? undefined : this.#keys.get(name);
  }

  /** All keys of which something is known. */
  entries(): Iterable<[string, Possession]> {
    return this.#keys;
  }

  /** What is known of a key from now on. Where there are too many, the oldest is given back. */
  getOrAdd(name: string): Possession {
    const found = this.#keys.get(name);
    if (found !== undefined) return found;
    const possession = new Possession();
    this.#keys.set(name, possession);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > this.#options.keysMax) this.giveBack(oldest);
    return possession;
  }

  /** Whether what was found or added is still what is known, in the same session. */
  has(session: Session, name: string, possession: Possession): boolean {
    return this.session === session && this.#keys.get(name) === possession;
  }

  /** A session, begun if need be; null if there cannot be one now, or somebody else begins it. */
  async begin(): Promise<Session | null> {
    const { session } = this;
    const { clock } = this.#client;
    if (session !== null) return session;
    if (this.#isClosed || this.#isBeginning || clock.nowMs() < this.#retryAtMs) return null;
    this.#isBeginning = true;
    try {
      return await this.#begin();
    } catch (error) {
      if (!(error instanceof KvorumError)) throw error;
      this.#retryAtMs = clock.nowMs() + RETRY_MS;
      return null;
    } finally {
      this.#isBeginning = false;
    }
  }

  /** Forgets a key, and then lets others have it. */
  giveBack(name: string, since: number = this.#keys.get(name)?.since ?? 0): Promise<void> {
    this.#keys.get(name)?.end();
    this.#keys.delete(name);
    const session = this.#session;
    if (session === null || since === 0) return Promise.resolve();
    return this.#run(this.#erase(session, name, since));
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const session = this.#session;
    this.#forget();
    await session?.close();
    await Promise.all(this.#tasks);
  }

  async #begin(): Promise<Session | null> {
    const expired = this.#session;
    this.#forget();
    if (expired !== null) await endSession(expired);
    const session = await Session.open(this.#client, { ttlSeconds: this.#options.ttlSeconds });
    try {
      const watch = this.#client.watch({ prefix: this.#prefix }, { signal: session.lost });
      await watch.opened();
      if (!this.#isClosed) {
        this.#session = session;
        this.#run(this.#follow(session, watch));
        return session;
      }
      await watch.close();
    } catch (error) {
      await endSession(session);
      throw error;
    }
    await endSession(session);
    return null;
  }

  #forget(): void {
    for (const possession of this.#keys.values()) possession.end();
    this.#keys.clear();
    this.#session = null;
  }

  #run(task: Promise<void>): Promise<void> {
    this.#tasks.add(task);
    return task.finally(() => this.#tasks.delete(task));
  }

  /** Listens until the session is lost. Whatever ends the watch ends the possessions. */
  async #follow(session: Session, watch: Watch): Promise<void> {
    try {
      for await (const { revision, events } of watch) {
        for (const event of events) this.#heed(session, revision, event);
      }
    } catch {
      // The session was lost, or history was: what we possess is not known any more.
    }
    if (this.#session === session) this.#forget();
    await endSession(session);
  }

  #heed(session: Session, revision: number, { type, kv }: WatchEvent): void {
    const isOurs = kv.lease === session.lease;
    const isAskedBack = type === "put" && isOurs && kv.text() === ASKED_BACK;
    if (type === "put" && !isAskedBack) return;
    const name = nameOf(kv.key.subarray(this.#prefix.length));
    const possession = this.#keys.get(name);
    if (possession !== undefined) {
      possession.askedBackAt = Math.max(possession.askedBackAt, revision);
      if (type === "delete" && possession.since > 0 && revision > possession.since) {
        possession.end();
        this.#keys.delete(name);
      }
    }
    if (isAskedBack) this.giveBack(name, kv.createRevision);
  }

  /** Deletes the key that stands for a possession, for as long as the session would keep it. */
  async #erase(session: Session, name: string, since: number): Promise<void> {
    const key = Uint8Array.from(name, (character) => character.charCodeAt(0));
    const mark = this.markOf(key);
    while (session.isLive) {
      try {
        await this.#client.txn()
          .when(compare.createRevision(mark, "==", since))
          .do(op.delete(mark))
          .commit({ signal: session.lost });
        return;
      } catch (error) {
        // Where nobody knows whether it is gone, it is tried again. Otherwise the lease ends it.
        if (!(error instanceof OutcomeUnknownError)) return;
      }
    }
  }
}

/** Ends a session that nothing hangs on any more. */
async function endSession(session: Session): Promise<void> {
  try {
    await session.close();
  } catch (error) {
    // Its lease ends by itself.
    if (!(error instanceof KvorumError)) throw error;
  }
}
