import { EMPTY_BYTES } from "../base/bytes.ts";
import type { Channel, ChannelHandler } from "../proto/multiplex/channel.ts";
import { MULTIPLEX_PATH } from "../proto/multiplex/hello.ts";

/**
 * The WebSocket address of an endpoint: `http` becomes `ws`, `https` becomes `wss`.
 * @throws {TypeError} if it is not an absolute URL of one of these four schemes
 */
export function socketUrl(endpoint: string): string {
  const url = new URL(endpoint.includes("://") ? endpoint : `http://${endpoint}`);
  const scheme = url.protocol.replace(/^http/, "ws");
  if (scheme !== "ws:" && scheme !== "wss:") {
    throw new TypeError(`Cannot connect to ${endpoint}: use http, https, ws or wss`);
  }
  url.protocol = scheme;
  url.pathname = url.pathname.replace(/\/$/, "") + MULTIPLEX_PATH;
  return url.href;
}

/** The client's end of a WebSocket as a channel. */
export class SocketChannel implements Channel {
  readonly #socket: WebSocket;
  #error = "";

  /** Begins to connect, unless it is given a socket that does. */
  constructor(socket: string | WebSocket) {
    this.#socket = typeof socket === "string" ? new WebSocket(socket) : socket;
    this.#socket.binaryType = "arraybuffer";
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  start(handler: ChannelHandler): void {
    const socket = this.#socket;
    socket.onopen = () => handler.onOpen();
    socket.onmessage = ({ data }) =>
      handler.onMessage(data instanceof ArrayBuffer ? new Uint8Array(data) : EMPTY_BYTES);
    socket.onerror = (event) => {
      this.#error ||= "message" in event ? String(event.message) : "";
    };
    socket.onclose = ({ code, reason }) => handler.onClose(code, reason || this.#error);
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
