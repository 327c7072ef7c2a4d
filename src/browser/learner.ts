import { createServices } from "../api/services/methods.ts";
import { MultiplexServer } from "../api/websocket/multiplex_server.ts";
import { assert } from "../base/assert.ts";
import type { Stoppable } from "../base/clock.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { SeededPrng } from "../base/prng.ts";
import { PLATFORM_CLOCK } from "../client/platform_clock.ts";
import type { Channel } from "../proto/multiplex/channel.ts";
import { INSTANCE_ID_BYTES } from "../replica/identity.ts";
import type { Bootstrap } from "../replica/options.ts";
import { Replica } from "../replica/replica.ts";
import type { LogStore } from "../storage/log_store.ts";
import { askToJoin, JoinError } from "./join.ts";
import { LearnerTransport } from "./learner_transport.ts";
import { type BrowserReplicaStatus, isFresh } from "./status.ts";

/** How often addresses are looked up, and the status is told. */
const TICK_MS = 500;
/** The pauses before the cluster is asked again. */
const ASK_MIN_MS = 500;
const ASK_MAX_MS = 10_000;

/** What a {@linkcode Learner} is made from. */
export interface LearnerOptions {
  readonly storage: LogStore;
  /** Its name in member lists. */
  readonly name: string;
  /** Client URLs of servers. */
  readonly endpoints: readonly string[];
  readonly token: string;
  /** Hears now and then how it is. */
  readonly onStatus?: (status: BrowserReplicaStatus) => void;
  /** Hears that the cluster has removed it: what it holds is of use for reading only. */
  readonly onRemoved?: () => void;
  /** Hears that its storage has failed: what cannot be kept is not followed. */
  readonly onFailed?: () => void;
}

/**
 * A replica that learns, wherever there are Web APIs: it joins a cluster through the servers' ports
 * for clients, follows it, and serves clients of its own.
 */
export class Learner implements AsyncDisposable {
  readonly #options: LearnerOptions;
  readonly #replica: Replica;
  readonly #transport: LearnerTransport;
  readonly #server: MultiplexServer;
  readonly #ticker: Stoppable;
  #asking: Stoppable | null = null;
  #askPauseMs = ASK_MIN_MS;
  #problem = "";
  #isClosed = false;

  private constructor(options: LearnerOptions, replica: Replica, transport: LearnerTransport) {
    this.#options = options;
    this.#replica = replica;
    this.#transport = transport;
    this.#server = new MultiplexServer({ replica, services: createServices(replica) });
    this.#ticker = PLATFORM_CLOCK.every(TICK_MS, () => this.#tick());
    replica.closed.then((error) => {
      this.#server.close();
      if (error === undefined) return;
      this.#problem = error.message;
      options.onFailed?.();
    });
  }

  /**
   * Opens the storage. One that was used before is read at once, without waiting for the cluster; an
   * unused one makes a new member.
   *
   * @throws {JoinError} when a new member is not taken in
   * @throws {StorageError} when the storage cannot be used
   */
  static async open(options: LearnerOptions): Promise<Learner> {
    const { endpoints, token, storage, name } = options;
    const prng = new SeededPrng(crypto.getRandomValues(new Uint32Array(1))[0]);
    let transport: LearnerTransport | null = null;
    let onRemoved = (_reason: string) => {};
    let identity: Bootstrap | null = null;
    const replica = await Replica.open({
      storage,
      clock: PLATFORM_CLOCK,
      prng,
      attributes: { name, clientUrls: [] },
      servesAsLearner: true,
      bootstrap: () => enter(endpoints, token),
      connect(found) {
        identity = found;
        return transport = new LearnerTransport({
          identity: found,
          clock: PLATFORM_CLOCK,
          prng: prng.fork("peers"),
          token,
          onRemoved: (reason) => onRemoved(reason),
        });
      },
    });
    assert(transport !== null && identity !== null, "A replica that is open has connected");
    const learner = new Learner(options, replica, transport);
    onRemoved = (reason) => learner.#removed(reason);
    learner.#ask(identity);
    return learner;
  }

  /** How it is at this moment. */
  status(): BrowserReplicaStatus {
    const { clusterId, memberId, leader, appliedIndex } = this.#replica.status();
    const heardMs = leader === NO_MEMBER ? null : this.#transport.heardMs(leader);
    const ageMs = heardMs === null ? Infinity : PLATFORM_CLOCK.nowMs() - heardMs;
    return {
      clusterId,
      memberId,
      isConnected: isFresh(ageMs),
      ageMs,
      revision: this.#replica.machine.store.revision,
      appliedIndex,
      problem: this.#problem,
    };
  }

  /** Serves the client at the other end of a channel, in the turn in which the channel was made. */
  attach(channel: Channel): void {
    this.#server.attach(channel);
  }

  /** The client's end of a connection inside this program. */
  dial(): Channel {
    return this.#server.connect();
  }

  /** Closes everything. It stays a member, and goes on where it was when it is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ticker.stop();
    this.#asking?.stop();
    this.#server.close();
    await this.#replica.close();
  }

  /** The same as {@linkcode Learner.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Asks where the voters are, until somebody says it: what the storage remembers may be old. */
  async #ask(identity: Bootstrap): Promise<void> {
    const { endpoints, token } = this.#options;
    try {
      const { clusterId, voters } = await askToJoin(endpoints, token, identity);
      if (this.#isClosed) return;
      if (clusterId !== identity.clusterId) {
        this.#problem = "Cannot follow the cluster: it is another one than this replica's";
        return;
      }
      this.#problem = "";
      this.#transport.setTold(voters);
    } catch (error) {
      if (this.#isClosed) return;
      this.#problem = error instanceof Error ? error.message : String(error);
      if (error instanceof JoinError && error.reason === "removed") return this.#removed("");
      this.#asking = PLATFORM_CLOCK.after(this.#askPauseMs, () => this.#ask(identity));
      this.#askPauseMs = Math.min(ASK_MAX_MS, 2 * this.#askPauseMs);
    }
  }

  #removed(reason: string): void {
    if (reason !== "") this.#problem = reason;
    if (!this.#isClosed) this.#options.onRemoved?.();
  }

  #tick(): void {
    const members = this.#replica.machine.members.list();
    this.#transport.setKnown(members.map(({ id, clientUrls }) => ({ id, urls: clientUrls })));
    this.#options.onStatus?.(this.status());
  }
}

/** Becomes a member. */
async function enter(endpoints: readonly string[], token: string): Promise<Bootstrap> {
  const memberId = drawId();
  const instanceId = crypto.getRandomValues(new Uint8Array(INSTANCE_ID_BYTES));
  const { clusterId } = await askToJoin(endpoints, token, { memberId, instanceId });
  return { clusterId, memberId, instanceId, initialMembers: [] };
}

function drawId(): MemberId {
  const [drawn] = crypto.getRandomValues(new BigUint64Array(1));
  return drawn || 1n;
}
