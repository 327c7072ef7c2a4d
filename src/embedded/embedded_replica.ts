import { createFetchHandler, type FetchHandler } from "../api/fetch_handler.ts";
import { createServices } from "../api/services/methods.ts";
import { MultiplexServer } from "../api/websocket/multiplex_server.ts";
import { assert } from "../base/assert.ts";
import { SeededPrng } from "../base/prng.ts";
import type { KvorumClient } from "../client/client.ts";
import { connect, type ConnectOptions } from "../client/connect.ts";
import { PLATFORM_CLOCK } from "../client/platform_clock.ts";
import type { Channel } from "../proto/multiplex/channel.ts";
import { Replica } from "../replica/replica.ts";
import type { ReplicaStatus } from "../replica/status.ts";
import { MessagePortPeerTransport } from "../transport/message_port.ts";
import { WebSocketPeerTransport } from "../transport/websocket.ts";
import { refusePeer } from "./admission.ts";
import { foundingOf } from "./founding.ts";
import type { EmbeddedOptions } from "./options.ts";

type EmbeddedTransport = WebSocketPeerTransport | MessagePortPeerTransport;

/**
 * A replica inside your own program. It needs nothing but Web APIs: the program brings the storage,
 * and hands over the requests and sockets that it takes.
 *
 * @example A store for one program
 * ```ts
 * import { EmbeddedReplica } from "@kvorum/kvorum/embedded";
 * import { fileLogStore } from "@kvorum/kvorum/storage/file";
 *
 * const directory = await Deno.makeTempDir();
 * const timing = { electionTimeoutMs: 150 }; // alone, it need not wait long for others
 * {
 *   const storage = fileLogStore(directory, { segmentBytes: 1_048_576 });
 *   await using replica = await EmbeddedReplica.open({ storage, timing });
 *   await using client = replica.connect();
 *   await client.put("greeting", "hello");
 *   const response = await replica.fetch(new Request("http://localhost/health"));
 *   if ((await response.json()).health !== "true") throw new Error("It is not well");
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class EmbeddedReplica implements AsyncDisposable {
  readonly #replica: Replica;
  readonly #sockets: MultiplexServer;
  readonly #fetch: FetchHandler;
  readonly #peers: EmbeddedTransport;
  readonly #streams: AbortController;

  private constructor(replica: Replica, peers: EmbeddedTransport) {
    this.#replica = replica;
    this.#peers = peers;
    this.#streams = new AbortController();
    const services = createServices(replica);
    this.#sockets = new MultiplexServer({ replica, services });
    this.#fetch = createFetchHandler({ replica, services, signal: this.#streams.signal });
    replica.closed.then(() => this.#stopServing());
  }

  /**
   * Opens the storage and joins the cluster. It does not wait for a leader: the first call does.
   *
   * @throws {StorageError} when the storage cannot be used; the message says why and what to do.
   * @throws {TypeError} when the members make no cluster.
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedReplica> {
    const { storage, name = "default", clientUrls = [], timing, upkeep, onEvent } = options;
    const founding = options.members === undefined ? null : await foundingOf(options);
    const prng = new SeededPrng(crypto.getRandomValues(new Uint32Array(1))[0]);
    let opened: Replica | null = null;
    let peers: EmbeddedTransport | null = null;
    opened = await Replica.open({
      storage,
      clock: PLATFORM_CLOCK,
      prng,
      bootstrap: () => founding === null ? foundingOf(options) : Promise.resolve(founding),
      attributes: { name, clientUrls },
      connect(identity) {
        const Transport = options.peers === "ports"
          ? MessagePortPeerTransport
          : WebSocketPeerTransport;
        return peers = new Transport({
          identity: { ...identity, storageId: identity.instanceId },
          clock: PLATFORM_CLOCK,
          prng: prng.fork("peers"),
          admit: (hello) =>
            opened && refusePeer(hello, opened.machine.members, opened.status().leader),
        });
      },
      ...(timing === undefined ? {} : { timing }),
      ...(upkeep === undefined ? {} : { upkeep }),
      ...(onEvent === undefined ? {} : { onEvent }),
    });
    assert(peers !== null, "A replica that is open has connected");
    return new EmbeddedReplica(opened, peers);
  }

  /** What the replica knows of itself and its cluster at this moment. */
  get status(): ReplicaStatus {
    return this.#replica.status();
  }

  /** Resolves when the replica is no more: with the failure, or with undefined after `close`. */
  get closed(): Promise<Error | undefined> {
    return this.#replica.closed;
  }

  /** A client of this replica, without a network between. Close it before the replica. */
  connect(options: ConnectOptions = {}): KvorumClient {
    return connect(() => this.dial(), options);
  }

  /** A connection for `connect`, where one client has several replicas to choose from. */
  dial(): Channel {
    return this.#sockets.connect();
  }

  /** Answers an HTTP request: etcd's JSON gateway, server-sent events, health and metrics. */
  fetch(request: Request): Promise<Response> {
    return this.#fetch(request);
  }

  /** Takes over a WebSocket of a client, in the turn in which its request was upgraded. */
  accept(socket: WebSocket): void {
    this.#sockets.accept(socket);
  }

  /**
   * Takes over what another replica has opened: a WebSocket in the turn in which its request for
   * `/kvorum/peer` was upgraded, or the other end of a port given to
   * {@linkcode EmbeddedReplica.connectPeer}. Who can reach this can read and write everything: ask
   * for a secret before.
   *
   * @throws {TypeError} for the way that this replica does not use, see {@linkcode EmbeddedOptions}
   */
  acceptPeer(peer: WebSocket | MessagePort): void {
    if (this.#peers instanceof WebSocketPeerTransport && "readyState" in peer) {
      this.#peers.accept(peer);
    } else if (this.#peers instanceof MessagePortPeerTransport && "postMessage" in peer) {
      this.#peers.accept(peer);
    } else {
      throw new TypeError("Cannot take this peer: sockets and ports do not go together");
    }
  }

  /**
   * Talks over a message port to the member of that name, who accepts the other end.
   *
   * @throws {TypeError} when this replica talks over WebSockets, or there is no such member
   */
  connectPeer(port: MessagePort, name: string): void {
    const member = this.#replica.machine.members.list().find((each) => each.name === name);
    if (!(this.#peers instanceof MessagePortPeerTransport) || member === undefined) {
      throw new TypeError(`Cannot connect to "${name}": no such member, or one that uses sockets`);
    }
    this.#peers.connect(port, member.id);
  }

  /** Hands leadership on if it has it, and closes everything. Idempotent. */
  async close(): Promise<void> {
    this.#stopServing();
    await this.#replica.close();
  }

  /** The same as {@linkcode EmbeddedReplica.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stopServing(): void {
    this.#sockets.close();
    this.#streams.abort();
  }
}
