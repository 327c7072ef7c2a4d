import { releaseProxy, wrap } from "comlink";
import type { KvorumClient } from "../client/client.ts";
import { connect } from "../client/connect.ts";
import { PLATFORM_CLOCK } from "../client/platform_clock.ts";
import { type Channel, ChannelCode } from "../proto/multiplex/channel.ts";
import { JoinError } from "./join.ts";
import { Link } from "./link.ts";
import { nameOf, type Notice, noticeChannel } from "./notice.ts";
import type { ReplicaWorker } from "./replica_worker.ts";
import { type BrowserReplicaStatus, laterStatus } from "./status.ts";

/** How long a worker may take to close its replica. */
const CLOSE_MS_MAX = 5_000;
/** The pause before a tab tries again to hold the replica. */
const RETRY_MS = 2_000;

/** What a replica in a browser is made from. */
export interface BrowserReplicaOptions {
  /** Where the bundled worker is served: the entry point `browser/worker`. */
  readonly worker: string | URL;
  /** Client URLs of servers that were started with `--allow-browser-learners`. */
  readonly endpoints: readonly string[];
  /** What those servers were given as `--browser-learner-token`. */
  readonly token: string;
  /** Its name in member lists, and what keeps replicas of one site apart. @default {"browser"} */
  readonly name?: string;
  /** Hears how the replica is, about twice a second. Must not throw. */
  readonly onStatus?: (status: BrowserReplicaStatus) => void;
}

/**
 * A tab's way to the replica of its site, which this tab or another one holds. Made by
 * {@linkcode openBrowserReplica}.
 *
 * @example Say how old the data is
 * ```ts
 * import type { BrowserReplica } from "@kvorum/kvorum/browser";
 *
 * export function describe({ status, isHolder }: BrowserReplica): string {
 *   const age = status.isConnected ? "live" : `${Math.round(status.ageMs / 1000)} s old`;
 *   return `revision ${status.revision}, ${age}${isHolder ? ", held by this tab" : ""}`;
 * }
 * ```
 */
export class BrowserReplica implements AsyncDisposable {
  /**
   * A client of the replica. Reads that say `serializable: true`, and watches, are answered from what
   * it holds, also offline; everything else is confirmed by the cluster.
   */
  readonly client: KvorumClient;
  readonly #options: Required<Pick<BrowserReplicaOptions, "name">> & BrowserReplicaOptions;
  readonly #notices: BroadcastChannel;
  readonly #links = new Set<Link>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #closed: Promise<void>;
  #holder = "";
  #isHolder = false;
  #told: BrowserReplicaStatus | null = null;
  #toldAtMs = 0;

  private constructor(options: BrowserReplicaOptions) {
    this.#options = { ...options, name: options.name ?? "browser" };
    this.#notices = noticeChannel(this.#options.name);
    this.#notices.onmessage = ({ data }: MessageEvent<Notice>) => this.#onNotice(data);
    this.client = connect(() => this.#dial());
    this.#post({ type: "ask" });
    this.#closed = this.#hold();
  }

  /** See {@linkcode openBrowserReplica}. */
  static async open(options: BrowserReplicaOptions): Promise<BrowserReplica> {
    const replica = new BrowserReplica(options);
    try {
      await replica.#opened.promise;
    } catch (error) {
      await replica.close();
      throw error;
    }
    return replica;
  }

  /** How the replica is, as its tab said last. */
  get status(): BrowserReplicaStatus {
    return laterStatus(this.#told!, PLATFORM_CLOCK.nowMs() - this.#toldAtMs);
  }

  /** Whether this tab holds the replica for the others. */
  get isHolder(): boolean {
    return this.#isHolder;
  }

  /** Closes the client, and the replica if this tab holds it: another tab takes over. */
  async close(): Promise<void> {
    await this.client.close();
    this.#closing.abort();
    await this.#closed;
    this.#notices.close();
  }

  /** The same as {@linkcode BrowserReplica.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #post(notice: Notice): void {
    this.#notices.postMessage(notice);
  }

  #onNotice(notice: Notice): void {
    if (notice.type !== "status") return;
    this.#told = notice.status;
    this.#toldAtMs = PLATFORM_CLOCK.nowMs();
    if (notice.holder !== this.#holder) {
      this.#holder = notice.holder;
      // Who is at the other end of these is gone, and could not say so.
      for (const link of [...this.#links]) {
        link.close(ChannelCode.Unavailable, "the replica is in another tab now");
      }
      this.#links.clear();
    }
    this.#opened.resolve();
    this.#options.onStatus?.(this.status);
  }

  #dial(): Channel {
    const name = `${nameOf(this.#options.name)}-${crypto.randomUUID()}`;
    const link = new Link(name, false);
    this.#links.clear();
    this.#links.add(link);
    this.#post({ type: "connect", link: name });
    return link;
  }

  /** Waits for its turn to hold the replica, and holds it until this tab is closed. */
  async #hold(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await navigator.locks.request(nameOf(this.#options.name), { signal }, () => this.#run());
      } catch (error) {
        if (signal.aborted) return;
        if (this.#told === null) return this.#opened.reject(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Holds the replica. */
  async #run(): Promise<void> {
    const { name, endpoints, token, worker: url } = this.#options;
    const worker = new Worker(url, { type: "module", name: nameOf(name) });
    try {
      const broken = new Promise<never>((_, reject) => {
        worker.onerror = ({ message }) =>
          reject(new Error(`The worker ${url} does not run: ${message || "cannot load it"}`));
      });
      const remote = wrap<ReplicaWorker>(worker);
      const refusal = await Promise.race([remote.open({ name, endpoints, token }), broken]);
      if (refusal !== null) throw new JoinError(refusal.reason, refusal.message);
      this.#isHolder = true;
      await Promise.race([aborted(this.#closing.signal), broken]);
      await Promise.race([remote.close(), after(CLOSE_MS_MAX)]);
      remote[releaseProxy]();
    } finally {
      this.#isHolder = false;
      worker.terminate();
    }
  }
}

/**
 * Opens the replica of this site: a learner of a cluster, in a worker, with its data in IndexedDB. One
 * tab holds it and the others use it; when that tab goes, another takes over.
 *
 * @throws {JoinError} when the cluster does not take it in for the first time
 *
 * @example Read from what this browser has, and write through the cluster
 * ```ts
 * import { openBrowserReplica } from "@kvorum/kvorum/browser";
 *
 * export async function main() {
 *   await using replica = await openBrowserReplica({
 *     worker: "/replica_worker.js",
 *     endpoints: ["https://a.example:2379"],
 *     token: "the token of --browser-learner-token",
 *   });
 *   const { client } = replica;
 *   await client.put("greeting", "hello");
 *   const local = await client.get("greeting", { serializable: true });
 *   console.log(local?.text(), replica.status.isConnected ? "" : "(offline)");
 * }
 * ```
 */
export function openBrowserReplica(options: BrowserReplicaOptions): Promise<BrowserReplica> {
  return BrowserReplica.open(options);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => PLATFORM_CLOCK.after(delayMs, resolve));
}
