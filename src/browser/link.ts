import { type Channel, ChannelCode, type ChannelHandler } from "../proto/multiplex/channel.ts";

/** What the tab of the replica posts when it listens. */
const READY = "ready";

/** What one end posts to tell the other that it closes. */
interface ClosePost {
  readonly code: number;
  readonly reason: string;
}

function isClosePost(data: unknown): data is ClosePost {
  const { code, reason } = Object(data);
  return typeof code === "number" && typeof reason === "string";
}

/**
 * A way between a tab and the worker of the replica, which may be another tab's: a broadcast channel
 * with a name that only the two know.
 *
 * Why not a message port: a port would have to be handed from tab to tab, for which there is no way
 * without a shared worker, and those are not everywhere.
 */
export class Link implements Channel {
  readonly #port: BroadcastChannel;
  readonly #accepts: boolean;
  #handler: ChannelHandler | null = null;
  #isOpen = false;
  bufferedBytes = 0;

  /** @param accepts Whether this is the replica's end. */
  constructor(name: string, accepts: boolean) {
    this.#port = new BroadcastChannel(name);
    this.#accepts = accepts;
  }

  start(handler: ChannelHandler): void {
    this.#handler = handler;
    this.#port.onmessage = ({ data }) => this.#onPost(data);
    this.#port.onmessageerror = () => this.close(ChannelCode.Malformed, "cannot read what came");
    if (!this.#accepts) return;
    this.#port.postMessage(READY);
    this.#open();
  }

  send(bytes: Uint8Array): void {
    if (!this.#isOpen) return;
    this.bufferedBytes += bytes.length;
    // A view would be cloned with the whole buffer under it.
    this.#port.postMessage(bytes.slice());
  }

  close(code: number, reason: string): void {
    if (this.#handler !== null) this.#port.postMessage({ code, reason } satisfies ClosePost);
    this.#end(code, reason);
  }

  #open(): void {
    this.#isOpen = true;
    this.#handler?.onOpen();
  }

  #onPost(data: unknown): void {
    if (data === READY && !this.#accepts) {
      if (!this.#isOpen) this.#open();
    } else if (data instanceof Uint8Array) {
      this.#handler?.onMessage(data);
      // What came is counted back, because a broadcast channel does not say how much it still holds.
      if (this.#handler !== null) this.#port.postMessage(data.length);
    } else if (typeof data === "number" && data > 0) {
      this.bufferedBytes = Math.max(0, this.bufferedBytes - data);
    } else if (isClosePost(data)) {
      this.#end(data.code, data.reason);
    } else {
      this.close(ChannelCode.Malformed, "cannot read what came");
    }
  }

  #end(code: number, reason: string): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#isOpen = false;
    this.#port.close();
    handler?.onClose(code, reason);
  }
}
