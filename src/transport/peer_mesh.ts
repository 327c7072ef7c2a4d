import type { Clock, Stoppable } from "../base/clock.ts";
import { crc32 } from "../base/crc32.ts";
import { formatId, type MemberId } from "../base/ids.ts";
import type { Prng } from "../base/prng.ts";
import { CloseCode, isRefusalCode, type Refusal } from "./close_code.ts";
import type { Checksum } from "./frame.ts";
import type { Admit, Hello, Identity } from "./hello.ts";
import type { PeerChannel } from "./peer_channel.ts";
import { type ConnectionEnd, type ConnectionOwner, PeerConnection } from "./peer_connection.ts";
import { PeerDialler } from "./peer_dialler.ts";
import {
  CONNECTIONS_MAX,
  DEFAULT_PEER_TIMING,
  type PeerTiming,
  STRANGER_CONNECTIONS_MAX,
} from "./peer_limits.ts";
import type { PeerAddress, PeerMessage } from "./peer_message.ts";
import type { PeerListener, PeerTransport } from "./peer_transport.ts";
import { EventThrottle, type TransportEvent } from "./transport_event.ts";

/** What every transport needs, whatever its channels are. */
export interface PeerTransportOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly prng: Prng;
  /**
   * Whether a peer of the right cluster may connect. Safety: a member that was removed, or that has
   * another storage than it had, may not. One that is unknown may be the leader that has news for a
   * replica that is behind.
   */
  readonly admit: Admit;
  /** Is told how many bytes went to and came from a peer that was let in. Must not throw. */
  readonly onBytes?: (peer: MemberId, sentBytes: number, receivedBytes: number) => void;
  /** Is told what people may want to read. Must not throw. */
  readonly onEvent?: (event: TransportEvent) => void;
  readonly timing?: Partial<PeerTiming>;
  /** A faster CRC-32 than our own, with the same sums. */
  readonly checksum?: Checksum;
}

/** Another replica, and the connections to it. */
interface Peer {
  /** Whether it is in the set of `setPeers`; others came by themselves and were admitted. */
  isMember: boolean;
  dialler: PeerDialler | null;
  dialledUrl: string;
  dialled: PeerConnection | null;
  accepted: PeerConnection | null;
}

/**
 * The connections to all peers, over any kind of channel.
 *
 * Invariant: at most one connection that we dialled and one that we accepted exist for each peer. A
 * replica sends on the one that it accepted, and when there is none on the one that it dialled.
 *
 * Why: what an accepting end sends need not be masked, which costs a dialler a pass over all bytes.
 */
export class PeerMesh implements PeerTransport, ConnectionOwner {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly timing: PeerTiming;
  readonly checksum: Checksum;
  readonly #options: PeerTransportOptions;
  readonly #openChannel: ((url: string) => PeerChannel) | null;
  readonly #peers = new Map<MemberId, Peer>();
  /** All connections whose channel still exists. */
  readonly #held = new Set<PeerConnection>();
  /** Accepted connections whose hello exchange is not over, the oldest first. */
  readonly #strangers = new Set<PeerConnection>();
  /** Connections with messages of this turn. */
  readonly #dirty = new Set<PeerConnection>();
  /** For connections that came through another door, who may come in there. */
  readonly #doors = new WeakMap<PeerConnection, Admit>();
  readonly #throttle: EventThrottle;
  #listener: PeerListener | null = null;
  #ticker: Stoppable | null = null;
  #tickedAtMs = 0;
  #isClosing = false;
  #closed: Promise<void> | null = null;
  #onAllReleased: (() => void) | null = null;

  /** @param openChannel Opens a channel to an address, or null when this replica never dials. */
  constructor(options: PeerTransportOptions, openChannel: ((url: string) => PeerChannel) | null) {
    this.identity = options.identity;
    this.clock = options.clock;
    this.timing = { ...DEFAULT_PEER_TIMING, ...options.timing };
    this.checksum = options.checksum ?? crc32;
    this.#options = options;
    this.#openChannel = openChannel;
    this.#throttle = new EventThrottle(options.clock);
  }

  /** Whether no further connection should be accepted: too many, not started, or closing. */
  get isFull(): boolean {
    return this.#held.size >= CONNECTIONS_MAX || this.#listener === null || this.#isClosing;
  }

  start(listener: PeerListener): void {
    this.#listener = listener;
    const periodMs = this.timing.pingIntervalMs / 4;
    this.#tickedAtMs = this.clock.nowMs();
    this.#ticker = this.clock.every(periodMs, () => this.#tick(periodMs));
    for (const peer of this.#peers.values()) peer.dialler?.start();
  }

  #tick(periodMs: number): void {
    const nowMs = this.clock.nowMs();
    const lateMs = nowMs - this.#tickedAtMs - periodMs;
    this.#tickedAtMs = nowMs;
    for (const connection of this.#held) connection.tick(nowMs, lateMs > periodMs ? lateMs : 0);
  }

  setPeers(addresses: readonly PeerAddress[]): void {
    if (this.#isClosing) return;
    const members = new Set(addresses.map((address) => address.id));
    for (const [id, peer] of this.#peers) {
      if (peer.isMember && !members.has(id)) this.#remove(id, peer);
    }
    for (const { id, urls } of addresses) {
      if (id === this.identity.memberId) continue;
      const peer = this.#peerOf(id);
      peer.isMember = true;
      this.#setUrls(id, peer, urls);
    }
  }

  #peerOf(id: MemberId): Peer {
    let peer = this.#peers.get(id);
    if (!peer) {
      peer = { isMember: false, dialler: null, dialledUrl: "", dialled: null, accepted: null };
      this.#peers.set(id, peer);
    }
    return peer;
  }

  #setUrls(id: MemberId, peer: Peer, urls: readonly string[]): void {
    if (urls.length === 0 || this.#openChannel === null) {
      peer.dialler?.stop();
      peer.dialler = null;
    } else if (peer.dialler) {
      peer.dialler.setUrls(urls);
    } else {
      const { prng } = this.#options;
      const dial = (url: string) => this.#dial(id, peer, url);
      peer.dialler = new PeerDialler(this.clock, prng, this.timing, urls, dial);
      if (this.#listener && !peer.dialled) peer.dialler.start();
    }
  }

  #remove(id: MemberId, peer: Peer): void {
    peer.dialler?.stop();
    peer.dialler = null;
    peer.isMember = false;
    const reason = `member ${formatId(id)} is not in the cluster any more`;
    for (const connection of [peer.dialled, peer.accepted]) {
      connection?.flush(); // The last messages may be those that tell the peer of its removal.
      connection?.close(CloseCode.RemovedMember, reason);
    }
    this.#forgetIfUnused(id, peer);
  }

  #forgetIfUnused(id: MemberId, peer: Peer): void {
    if (!peer.isMember && !peer.dialled && !peer.accepted) this.#peers.delete(id);
  }

  #dial(id: MemberId, peer: Peer, url: string): void {
    peer.dialledUrl = url;
    let channel: PeerChannel;
    try {
      channel = this.#openChannel!(url);
    } catch (error) {
      this.#emitNews({ type: "dialFailed", peer: id, url, reason: String(error) });
      peer.dialler?.onEnd({ openForMs: null, refused: true });
      return;
    }
    this.connect(channel, id);
  }

  /** Uses a channel that this replica opened to a peer. */
  connect(channel: PeerChannel, to: MemberId): void {
    const peer = this.#peerOf(to);
    const previous = peer.dialled;
    const connection = new PeerConnection(this, channel, to);
    peer.dialled = connection;
    previous?.close(CloseCode.Replaced, "a newer connection replaces this one");
    this.#held.add(connection);
    connection.start();
    if (this.#isClosing) connection.close(CloseCode.Closing, "the replica is closing");
  }

  /**
   * Uses a channel that some peer opened; who it is, it still has to say.
   *
   * @param admit Whether that peer may come in, where the usual rule does not hold.
   */
  accept(channel: PeerChannel, admit: Admit = this.#options.admit): void {
    const { isFull } = this;
    const connection = new PeerConnection(this, channel, null);
    this.#doors.set(connection, admit);
    this.#held.add(connection);
    this.#strangers.add(connection);
    connection.start();
    if (isFull) return connection.close(CloseCode.TooMany, "no connections are taken now");
    if (this.#strangers.size <= STRANGER_CONNECTIONS_MAX) return;
    for (const oldest of this.#strangers) {
      // Why the oldest: an honest peer says its hello at once, so it is rarely the one to go.
      oldest.close(CloseCode.TooMany, "too many connections that do not say hello");
      break;
    }
  }

  send(to: MemberId, messages: readonly PeerMessage[]): void {
    const connection = this.#openConnectionOf(to);
    if (!connection || messages.length === 0) return;
    if (!connection.enqueue(messages)) {
      this.#emitNews({ type: "dropping", peer: to, queuedBytes: connection.queuedBytes });
    }
    if (this.#dirty.size === 0) this.clock.defer(() => this.#flush());
    this.#dirty.add(connection);
  }

  #flush(): void {
    for (const connection of this.#dirty) connection.flush();
    this.#dirty.clear();
  }

  admit(connection: PeerConnection, hello: Hello): Refusal | null {
    return (this.#doors.get(connection) ?? this.#options.admit)(hello);
  }

  onOpen(connection: PeerConnection): void {
    this.#strangers.delete(connection);
    const { peer: id, dialled } = connection;
    const peer = this.#peerOf(id);
    const isFirst = this.#openConnectionOf(id, connection) === null;
    if (!dialled) {
      const previous = peer.accepted;
      peer.accepted = connection;
      previous?.close(CloseCode.Replaced, "a newer connection replaces this one");
    }
    for (const type of ["refused", "refusedBy", "dropping"]) {
      this.#throttle.forget(`${type} ${id} `);
    }
    if (dialled) this.#throttle.forget(`dialFailed ${id} ${peer.dialledUrl}`);
    this.#emit({ type: "connected", peer: id, dialled });
    if (isFirst) this.#tell((listener) => listener.onConnected(id));
  }

  onMessages({ peer }: PeerConnection, messages: readonly PeerMessage[]): void {
    this.#tell((listener) => listener.onMessages(peer, messages));
  }

  onBytes({ peer }: PeerConnection, sentBytes: number, receivedBytes: number): void {
    this.#options.onBytes?.(peer, sentBytes, receivedBytes);
  }

  onEnd(connection: PeerConnection, end: ConnectionEnd): void {
    this.#strangers.delete(connection);
    this.#dirty.delete(connection);
    const { peer: id, dialled, openedAtMs } = connection;
    const peer = this.#peers.get(id);
    if (peer?.accepted === connection) peer.accepted = null;
    if (!this.#isClosing) this.#emitEnd(connection, end, peer?.dialledUrl ?? "");
    if (dialled && peer?.dialled === connection) {
      peer.dialled = null;
      const openForMs = openedAtMs === null ? null : this.clock.nowMs() - openedAtMs;
      peer.dialler?.onEnd({ openForMs, refused: isRefusalCode(end.code) });
    }
    if (openedAtMs !== null && this.#openConnectionOf(id) === null) {
      this.#tell((listener) => listener.onDisconnected(id));
    }
    if (peer) this.#forgetIfUnused(id, peer);
  }

  #emitEnd(connection: PeerConnection, { code, reason, byPeer }: ConnectionEnd, url: string): void {
    const { peer, dialled, openedAtMs } = connection;
    if (openedAtMs !== null) this.#emit({ type: "disconnected", peer, dialled, code, reason });
    if (isRefusalCode(code)) {
      this.#emitNews({ type: byPeer ? "refusedBy" : "refused", peer, code, reason });
    } else if (openedAtMs === null && dialled) {
      this.#emitNews({ type: "dialFailed", peer, url, reason: reason || `closed with ${code}` });
    } else if (openedAtMs === null) {
      this.#emitNews({ type: "strangerClosed", code, reason });
    }
  }

  onReleased(connection: PeerConnection): void {
    this.#held.delete(connection);
    if (this.#held.size === 0) this.#onAllReleased?.();
  }

  #tell(call: (listener: PeerListener) => void): void {
    if (!this.#listener || this.#isClosing) return;
    try {
      call(this.#listener);
    } catch (error) {
      this.#emit({ type: "listenerFailed", error });
    }
  }

  #emit(event: TransportEvent): void {
    this.#options.onEvent?.(event);
  }

  #emitNews(event: TransportEvent): void {
    const peer = "peer" in event ? event.peer : "";
    const url = "url" in event ? event.url : "";
    const reason = "reason" in event ? event.reason : "";
    if (this.#throttle.isNews(`${event.type} ${peer} ${url}`, reason)) this.#emit(event);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#closeAll();
  }

  async #closeAll(): Promise<void> {
    this.#isClosing = true;
    this.#ticker?.stop();
    for (const peer of this.#peers.values()) {
      peer.dialler?.stop();
      peer.dialler = null;
    }
    const released = new Promise<void>((resolve) => this.#onAllReleased = resolve);
    for (const connection of this.#held) {
      connection.flush();
      connection.close(CloseCode.Closing, "the replica is closing");
    }
    if (this.#held.size === 0) return;
    const timeout = this.clock.after(this.timing.closeWaitMs, () => this.#onAllReleased?.());
    await released;
    timeout.stop();
  }

  /** The connection to send on, `except` left aside. */
  #openConnectionOf(id: MemberId, except?: PeerConnection): PeerConnection | null {
    const peer = this.#peers.get(id);
    if (!peer) return null;
    for (const connection of [peer.accepted, peer.dialled]) {
      if (connection?.isOpen && connection !== except) return connection;
    }
    return null;
  }
}
