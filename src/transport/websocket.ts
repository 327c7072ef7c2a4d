import { EMPTY_BYTES } from "../base/bytes.ts";
import type { MemberId } from "../base/ids.ts";
import type { Admit } from "./hello.ts";
import type { PeerChannel, PeerChannelHandler } from "./peer_channel.ts";
import { PeerMesh, type PeerTransportOptions } from "./peer_mesh.ts";
import type { PeerAddress, PeerMessage } from "./peer_message.ts";
import type { PeerListener, PeerTransport } from "./peer_transport.ts";

/** Where a replica takes connections of its peers. */
export const PEER_PATH = "/kvorum/peer";

/** What a {@linkcode WebSocketPeerTransport} is made with. */
export interface WebSocketPeerTransportOptions extends PeerTransportOptions {
  /** Opens the channel to a peer's URL, where the platform's own WebSocket is not good enough. */
  readonly dial?: (peerUrl: string) => PeerChannel;
}

/** Replicas that talk over WebSockets. The server hands over those that it accepted. */
export class WebSocketPeerTransport implements PeerTransport {
  readonly #mesh: PeerMesh;

  constructor(options: WebSocketPeerTransportOptions) {
    const dial = (url: string) => new WebSocketChannel(new WebSocket(peerSocketUrl(url)), false);
    this.#mesh = new PeerMesh(options, options.dial ?? dial);
  }

  /**
   * Whether a request for a connection should be answered with 503 instead of an upgrade: there are
   * too many, or the transport is not started, or it is closing.
   */
  get isFull(): boolean {
    return this.#mesh.isFull;
  }

  /**
   * Takes over the server's end of a WebSocket, in the turn in which the request was upgraded.
   * Whatever comes of it, the transport closes it.
   *
   * @param admit Whether that peer may come in, where the usual rule does not hold.
   */
  accept(socket: WebSocket, admit?: Admit): void {
    this.#mesh.accept(new WebSocketChannel(socket, true), admit);
  }

  start(listener: PeerListener): void {
    this.#mesh.start(listener);
  }

  send(to: MemberId, messages: readonly PeerMessage[]): void {
    this.#mesh.send(to, messages);
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#mesh.setPeers(peers);
  }

  close(): Promise<void> {
    return this.#mesh.close();
  }
}

/**
 * The WebSocket address for a peer's URL: `http` becomes `ws`, `https` becomes `wss`.
 *
 * @throws {TypeError} If it is not an absolute URL of one of these four schemes.
 */
export function peerSocketUrl(peerUrl: string): string {
  const url = new URL(peerUrl);
  const scheme = url.protocol.replace(/^http/, "ws");
  if (scheme !== "ws:" && scheme !== "wss:") {
    throw new TypeError(`Cannot dial ${peerUrl}: use http, https, ws or wss`);
  }
  url.protocol = scheme;
  url.pathname = url.pathname.replace(/\/$/, "") + PEER_PATH;
  return url.href;
}

/** A WebSocket as a channel. */
export class WebSocketChannel implements PeerChannel {
  readonly #socket: WebSocket;
  readonly #accepted: boolean;
  #error = "";

  /** @param accepted Whether this is the server's end. */
  constructor(socket: WebSocket, accepted: boolean) {
    this.#socket = socket;
    this.#accepted = accepted;
    socket.binaryType = "arraybuffer";
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  start(handler: PeerChannelHandler): void {
    const socket = this.#socket;
    socket.onopen = () => handler.onOpen();
    socket.onmessage = ({ data }) =>
      // A text is no frame: as an empty one it is refused like other malformed bytes.
      handler.onFrame(data instanceof ArrayBuffer ? new Uint8Array(data) : EMPTY_BYTES);
    socket.onerror = (event) => {
      this.#error ||= "message" in event ? String(event.message) : "";
    };
    socket.onclose = ({ code, reason }) => handler.onClose(code, reason || this.#error);
    if (socket.readyState === WebSocket.OPEN) handler.onOpen();
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  close(code: number, reason: string): void {
    const socket = this.#socket;
    if (this.#accepted && socket.readyState === WebSocket.CONNECTING) {
      // The upgrade is under way and cannot be taken back; the close frame follows it.
      socket.onopen = () => socket.close(code, reason);
    } else {
      socket.close(code, reason);
    }
  }
}
