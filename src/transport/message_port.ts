import type { MemberId } from "../base/ids.ts";
import { CloseCode } from "./close_code.ts";
import type { PeerChannel, PeerChannelHandler } from "./peer_channel.ts";
import { PeerMesh, type PeerTransportOptions } from "./peer_mesh.ts";
import type { PeerAddress, PeerMessage } from "./peer_message.ts";
import type { PeerListener, PeerTransport } from "./peer_transport.ts";

/**
 * Replicas of one origin that talk over message ports: pages, workers, a service worker. Somebody
 * else makes the ports and gives each end to a replica; a lost one is replaced in the same way.
 */
export class MessagePortPeerTransport implements PeerTransport {
  readonly #mesh: PeerMesh;

  constructor(options: PeerTransportOptions) {
    this.#mesh = new PeerMesh(options, null);
  }

  /** Uses a port whose other end is given to {@linkcode MessagePortPeerTransport.accept} of a peer. */
  connect(port: MessagePort, to: MemberId): void {
    this.#mesh.connect(new MessagePortChannel(port), to);
  }

  /** Uses a port over which some peer connects. */
  accept(port: MessagePort): void {
    this.#mesh.accept(new MessagePortChannel(port));
  }

  start(listener: PeerListener): void {
    this.#mesh.start(listener);
  }

  send(to: MemberId, messages: readonly PeerMessage[]): void {
    this.#mesh.send(to, messages);
  }

  /** Replaces the set of peers. Their URLs have no meaning here. */
  setPeers(peers: readonly PeerAddress[]): void {
    this.#mesh.setPeers(peers);
  }

  close(): Promise<void> {
    return this.#mesh.close();
  }
}

/** What one end posts to tell the other that it closes; a port itself does not tell. */
interface ClosePost {
  readonly code: number;
  readonly reason: string;
}

function isClosePost(data: unknown): data is ClosePost {
  return typeof data === "object" && data !== null && "code" in data && "reason" in data &&
    typeof data.code === "number" && typeof data.reason === "string";
}

/**
 * A message port as a channel. A frame is posted as a `Uint8Array`; the receiver posts the number of
 * its bytes back once it was handled, because a port does not say how much it still holds.
 */
class MessagePortChannel implements PeerChannel {
  readonly #port: MessagePort;
  #handler: PeerChannelHandler | null = null;
  bufferedBytes = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  start(handler: PeerChannelHandler): void {
    this.#handler = handler;
    this.#port.onmessage = ({ data }) => this.#onPost(data);
    this.#port.onmessageerror = () =>
      this.close(CloseCode.Malformed, "Cannot read what the peer posted");
    handler.onOpen();
  }

  #onPost(data: unknown): void {
    if (data instanceof Uint8Array) {
      this.#handler?.onFrame(data);
      if (this.#handler) this.#port.postMessage(data.length);
    } else if (typeof data === "number" && data > 0) {
      this.bufferedBytes = Math.max(0, this.bufferedBytes - data);
    } else if (isClosePost(data)) {
      this.#end(data.code, data.reason);
    } else {
      this.close(CloseCode.Malformed, "Cannot read what the peer posted");
    }
  }

  send(bytes: Uint8Array): void {
    if (!this.#handler) return;
    this.bufferedBytes += bytes.length;
    // A view would be cloned with the whole buffer under it, so a copy is made, and given away.
    const own = bytes.slice();
    this.#port.postMessage(own, [own.buffer]);
  }

  close(code: number, reason: string): void {
    if (!this.#handler) return;
    this.#port.postMessage({ code, reason } satisfies ClosePost);
    this.#end(code, reason);
  }

  #end(code: number, reason: string): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#port.close();
    handler?.onClose(code, reason);
  }
}
