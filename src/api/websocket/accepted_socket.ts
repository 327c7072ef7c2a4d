import { EMPTY_BYTES } from "../../base/bytes.ts";
import type { Channel, ChannelHandler } from "../../proto/multiplex/channel.ts";

/** The server's end of a WebSocket as a channel. */
export class AcceptedSocket implements Channel {
  readonly #socket: WebSocket;

  /** @param socket Handed over in the turn in which the request was upgraded. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  start(handler: ChannelHandler): void {
    const socket = this.#socket;
    socket.onopen = () => handler.onOpen();
    socket.onmessage = ({ data }) =>
      // A text is no message: as an empty one it is refused like other malformed bytes.
      handler.onMessage(data instanceof ArrayBuffer ? new Uint8Array(data) : EMPTY_BYTES);
    socket.onclose = ({ code, reason }) => handler.onClose(code, reason);
    // What is wrong with a socket is told with its closing, which follows.
    socket.onerror = () => {};
    if (socket.readyState === WebSocket.OPEN) handler.onOpen();
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  close(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CONNECTING) {
      // The upgrade is under way and cannot be taken back; the close frame follows it.
      socket.onopen = () => socket.close(code, reason);
    } else {
      socket.close(code, reason);
    }
  }
}
