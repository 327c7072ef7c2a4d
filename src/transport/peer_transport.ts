import type { MemberId } from "../base/ids.ts";
import type { PeerAddress, PeerMessage } from "./peer_message.ts";

/** What a transport tells its replica. The calls are made one at a time. */
export interface PeerListener {
  /** Messages of a peer, in the order of its sending as far as one connection goes. */
  onMessages(from: MemberId, messages: readonly PeerMessage[]): void;
  /** A connection to the peer now exists. */
  onConnected(peer: MemberId): void;
  /** The last connection to the peer is gone. */
  onDisconnected(peer: MemberId): void;
}

/**
 * The way to the other replicas: the seam that every adapter fills.
 *
 * `send` returns at once, never throws, and may drop: the queue for each peer is bounded, and Raft
 * sends again what matters. Messages may be lost, and arrive late or out of order across connections;
 * the replica copes with repeated ones.
 */
export interface PeerTransport {
  /** Starts listening and dialling, and delivers to `listener` from now on. Called once. */
  start(listener: PeerListener): void;
  /** Queues messages for a peer; what is queued in one turn of the loop travels in one frame. */
  send(to: MemberId, messages: readonly PeerMessage[]): void;
  /** Replaces the set of peers: new ones are dialled, connections to removed ones are closed. */
  setPeers(peers: readonly PeerAddress[]): void;
  /** Closes all connections and waits until they are. Idempotent. */
  close(): Promise<void>;
}
