import type { Clock } from "../base/clock.ts";
import type { MemberId } from "../base/ids.ts";
import type { Prng } from "../base/prng.ts";
import type { ReplicaIdentity } from "../replica/identity.ts";
import { learnerProtocols } from "../transport/browser_learner.ts";
import { CloseCode } from "../transport/close_code.ts";
import type { PeerAddress, PeerMessage } from "../transport/peer_message.ts";
import type { PeerListener, PeerTransport } from "../transport/peer_transport.ts";
import type { TransportEvent } from "../transport/transport_event.ts";
import { peerSocketUrl, WebSocketChannel, WebSocketPeerTransport } from "../transport/websocket.ts";

/** What a {@linkcode LearnerTransport} is made with. */
export interface LearnerTransportOptions {
  readonly identity: ReplicaIdentity;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly token: string;
  /** Is told that the cluster does not know this learner as a member any more. */
  readonly onRemoved: (reason: string) => void;
}

/**
 * The way of a learner to the voters: it dials each at its addresses for clients, since those for
 * peers are out of a page's reach, and nobody can dial it.
 */
export class LearnerTransport implements PeerTransport {
  readonly #sockets: WebSocketPeerTransport;
  readonly #clock: Clock;
  readonly #onRemoved: (reason: string) => void;
  /** Where voters are, as a server that could be reached has said. */
  #told: readonly PeerAddress[] = [];
  /** Where they are by the replica's own table, which may be old. */
  #known: readonly PeerAddress[] = [];
  /** The members of the replica's own table; none until it has caught up for the first time. */
  #members: readonly MemberId[] = [];
  readonly #heardMs = new Map<MemberId, number>();

  constructor({ identity, clock, prng, token, onRemoved }: LearnerTransportOptions) {
    this.#clock = clock;
    this.#onRemoved = onRemoved;
    const dial = (url: string) => {
      const socket = new WebSocket(peerSocketUrl(url), learnerProtocols(token));
      return new WebSocketChannel(socket, false);
    };
    this.#sockets = new WebSocketPeerTransport({
      identity: { ...identity, storageId: identity.instanceId },
      clock,
      prng,
      dial,
      admit: () => null, // Nobody dials a page, and whom it dialled it knows.
      onEvent: (event) => this.#onEvent(event),
    });
  }

  /** When a message of that member came last, or null. */
  heardMs(from: MemberId): number | null {
    return this.#heardMs.get(from) ?? null;
  }

  /** Where a server says that the voters are. */
  setTold(addresses: readonly PeerAddress[]): void {
    this.#told = addresses;
    this.#meet();
  }

  /** Where the replica's own table says that the members are. */
  setKnown(addresses: readonly PeerAddress[]): void {
    this.#known = addresses;
    this.#meet();
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#members = peers.map(({ id }) => id);
    this.#meet();
  }

  start(listener: PeerListener): void {
    this.#sockets.start({
      onConnected: (peer) => listener.onConnected(peer),
      onDisconnected: (peer) => listener.onDisconnected(peer),
      onMessages: (from, messages) => {
        this.#heardMs.set(from, this.#clock.nowMs());
        listener.onMessages(from, messages);
      },
    });
  }

  send(to: MemberId, messages: readonly PeerMessage[]): void {
    this.#sockets.send(to, messages);
  }

  close(): Promise<void> {
    return this.#sockets.close();
  }

  #meet(): void {
    const urls = new Map<MemberId, Set<string>>();
    for (const address of [...this.#told, ...this.#known]) {
      const some = urls.get(address.id) ?? new Set();
      for (const url of address.urls) some.add(url);
      urls.set(address.id, some);
    }
    const ids = this.#members.length > 0 ? this.#members : [...urls.keys()];
    this.#sockets.setPeers(ids.map((id) => ({ id, urls: [...urls.get(id) ?? []] })));
  }

  #onEvent(event: TransportEvent): void {
    const isOver = event.type === "refusedBy" &&
      (event.code === CloseCode.RemovedMember || event.code === CloseCode.WrongStorage);
    if (isOver) this.#onRemoved(event.reason);
  }
}
