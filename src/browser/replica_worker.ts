import { promisifyRequest } from "idb-keyval";
import { JoinError, type JoinReason } from "./join.ts";
import { StorageError, StorageLockedError } from "../storage/errors.ts";
import { indexedDbLogStore } from "../storage/indexeddb/indexeddb_log_store.ts";
import { Learner } from "./learner.ts";
import { Link } from "./link.ts";
import { nameOf, type Notice, noticeChannel } from "./notice.ts";
import type { BrowserReplicaStatus } from "./status.ts";

/** What a worker is told about its replica. */
export interface WorkerOptions {
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly token: string;
}

/** Why a cluster did not take the replica in. */
export interface Refusal {
  readonly reason: JoinReason;
  readonly message: string;
}

/** A tab that goes gives its lock back before its worker has given the storage back. */
const STORAGE_TRIES = 100;
const STORAGE_PAUSE_MS = 100;
/** The pause before a replica that could not be opened again is tried once more. */
const REOPEN_PAUSE_MS = 2_000;

/** The replica in a worker, as its page steers it through comlink. */
export class ReplicaWorker {
  readonly #holder = crypto.randomUUID();
  #options: WorkerOptions | null = null;
  #learner: Learner | null = null;
  #notices: BroadcastChannel | null = null;
  #isReopening = false;

  /**
   * Opens the replica and serves the tabs from then on.
   *
   * @returns why the cluster does not take it in, or null: an error would arrive without its reason
   * @throws {StorageError} when the storage cannot be used
   */
  async open(options: WorkerOptions): Promise<Refusal | null> {
    this.#options = options;
    try {
      this.#learner = await this.#openLearner(options);
    } catch (error) {
      if (!(error instanceof JoinError)) throw error;
      return { reason: error.reason, message: error.message };
    }
    const notices = this.#notices = noticeChannel(options.name);
    notices.onmessage = ({ data }: MessageEvent<Notice>) => this.#onNotice(data);
    this.#tell();
    return null;
  }

  /** How the replica is, or null while there is none. */
  status(): BrowserReplicaStatus | null {
    return this.#learner?.status() ?? null;
  }

  /** Closes everything. */
  async close(): Promise<void> {
    this.#notices?.close();
    this.#notices = null;
    await this.#learner?.close();
    this.#learner = null;
  }

  #onNotice(notice: Notice): void {
    if (notice.type === "ask") this.#tell();
    if (notice.type === "connect") this.#learner?.attach(new Link(notice.link, true));
  }

  #tell(): void {
    const status = this.status();
    if (status === null || this.#notices === null) return;
    this.#notices.postMessage({ type: "status", holder: this.#holder, status } satisfies Notice);
  }

  async #openLearner(options: WorkerOptions): Promise<Learner> {
    for (let tries = 1;; tries++) {
      try {
        return await Learner.open({
          ...options,
          storage: indexedDbLogStore(nameOf(options.name)),
          onStatus: () => this.#tell(),
          // In a later turn the learner that tells it is the one that is known here.
          onRemoved: () => setTimeout(() => this.#reopen({ forgets: true })),
          onFailed: () => setTimeout(() => this.#reopen({ forgets: false })),
        });
      } catch (error) {
        if (!(error instanceof StorageLockedError) || tries === STORAGE_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, STORAGE_PAUSE_MS));
      }
    }
  }

  /**
   * Opens the replica again: one that the cluster has removed without its data, as a new learner, and
   * one whose storage failed with what is left there. If the user has cleared that, it is a new one.
   */
  async #reopen({ forgets }: { readonly forgets: boolean }): Promise<void> {
    const options = this.#options;
    const learner = this.#learner;
    if (this.#isReopening || options === null || learner === null) return;
    this.#isReopening = true;
    this.#learner = null;
    await learner.close();
    if (forgets) await promisifyRequest(indexedDB.deleteDatabase(nameOf(options.name)));
    while (this.#notices !== null && this.#learner === null) {
      try {
        this.#learner = await this.#openLearner(options);
      } catch (error) {
        // A cluster out of reach and a full disk can both become better.
        if (!(error instanceof JoinError) && !(error instanceof StorageError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, REOPEN_PAUSE_MS));
      }
    }
    this.#isReopening = false;
    if (this.#notices === null) await this.close();
  }
}
