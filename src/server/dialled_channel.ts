import type { Clock, Stoppable } from "../base/clock.ts";
import { concatBytes, EMPTY_BYTES } from "../base/bytes.ts";
import { PEER_FRAME_BYTES_MAX } from "../base/limits.ts";
import type { PeerChannel, PeerChannelHandler } from "../transport/peer_channel.ts";
import { type Socket, writeAll } from "./socket.ts";
import { SocketReader } from "./socket_reader.ts";
import {
  encodeClientFrame,
  Opcode,
  readServerFrame,
  type WebSocketFrame,
  WebSocketProtocolError,
} from "./websocket_frames.ts";
import { shakeHands } from "./websocket_handshake.ts";

/** How long the other end may take to say goodbye, too. */
const GOODBYE_MS = 1_000;
/** No pings are answered while so much waits to be written. */
const PONG_BACKLOG_BYTES = 65_536;
/** Close codes for a goodbye without a code and for none at all. Ref: RFC 6455 §7.4.1. */
const NO_CODE = 1005;
const NO_GOODBYE = 1006;

/** How a channel ended. */
interface Goodbye {
  readonly code: number;
  readonly reason: string;
}

/** Opens the connection below a WebSocket; `signal` gives it up. */
export type Connect = (url: URL, signal: AbortSignal) => Promise<Socket>;

/**
 * The dialling end of a WebSocket to a peer.
 *
 * Why not the platform's: it cannot be told whom to trust and who we are, and it leaves Nagle's
 * algorithm on, so that a frame of more than a kibibyte waits up to 40 ms for an acknowledgement.
 */
export class DialledChannel implements PeerChannel {
  readonly #url: URL;
  readonly #connect: Connect;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #outgoing: Uint8Array[] = [];
  #socket: Socket | null = null;
  #isOpen = false;
  #isWriting = false;
  #isReleased = false;
  /** Why this end closes, once it does. */
  #goodbye: Goodbye | null = null;
  #patience: Stoppable | null = null;
  bufferedBytes = 0;

  /** @param url With the scheme `ws` or `wss`. */
  constructor(url: string, connect: Connect, clock: Clock) {
    this.#url = new URL(url);
    this.#connect = connect;
    this.#clock = clock;
  }

  start(handler: PeerChannelHandler): void {
    this.#run(handler).then(({ code, reason }) => {
      this.#isOpen = false;
      this.#patience?.stop();
      this.#release();
      handler.onClose(code, reason);
    });
  }

  /** Closes the connection, once: whatever reads from it or writes to it then fails. */
  #release(): void {
    if (this.#isReleased || this.#socket === null) return;
    this.#isReleased = true;
    this.#socket.close();
  }

  /** Lives from the first byte to the last, and answers how it ended. */
  async #run(handler: PeerChannelHandler): Promise<Goodbye> {
    const { signal } = this.#abort;
    try {
      this.#socket = await this.#connect(this.#url, signal);
      signal.addEventListener("abort", () => this.#release(), { once: true });
      signal.throwIfAborted();
      const reader = new SocketReader(this.#socket);
      await shakeHands(this.#socket, reader, this.#url);
      this.#isOpen = true;
      loudly(() => handler.onOpen());
      return await this.#listen(reader, handler);
    } catch (thrown) {
      if (this.#goodbye !== null) return this.#goodbye;
      const error = signal.aborted ? signal.reason : thrown;
      const code = error instanceof WebSocketProtocolError ? error.code : NO_GOODBYE;
      return { code, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Hands frames on until the other end says goodbye, or a read fails. */
  async #listen(reader: SocketReader, handler: PeerChannelHandler): Promise<Goodbye> {
    let parts: Uint8Array[] = [];
    let partBytes = 0;
    for (;;) {
      const frame = await readServerFrame(reader, PEER_FRAME_BYTES_MAX - partBytes);
      switch (frame.opcode) {
        case Opcode.Close:
          return this.#goodbye ?? await this.#answerGoodbye(frame);
        case Opcode.Ping:
          if (this.bufferedBytes < PONG_BACKLOG_BYTES) this.#write(Opcode.Pong, frame.payload);
          break;
        case Opcode.Pong:
          break;
        case Opcode.Binary:
        case Opcode.Continuation:
          if (frame.payload.length > 0) parts.push(frame.payload);
          partBytes += frame.payload.length;
          if (!frame.isFinal) break;
          loudly(() => handler.onFrame(parts.length === 1 ? parts[0] : concatBytes(parts)));
          [parts, partBytes] = [[], 0];
          break;
        default:
          // A text is no frame: as an empty one it is refused like other malformed bytes.
          loudly(() => handler.onFrame(EMPTY_BYTES));
      }
    }
  }

  async #answerGoodbye({ payload }: WebSocketFrame): Promise<Goodbye> {
    this.#isOpen = false;
    if (!this.#isWriting) await writeAll(this.#socket!, encodeClientFrame(Opcode.Close, payload));
    if (payload.length < 2) return { code: NO_CODE, reason: "" };
    const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
    return { code, reason: new TextDecoder().decode(payload.subarray(2)) };
  }

  send(bytes: Uint8Array): void {
    if (this.#isOpen && this.#goodbye === null) this.#write(Opcode.Binary, bytes);
  }

  #write(opcode: number, payload: Uint8Array): void {
    const frame = encodeClientFrame(opcode, payload);
    this.bufferedBytes += frame.length;
    this.#outgoing.push(frame);
    if (!this.#isWriting) this.#drain();
  }

  /** Writes what waits, frame by frame. A failure ends the reading, too. */
  async #drain(): Promise<void> {
    this.#isWriting = true;
    try {
      let frame: Uint8Array | undefined;
      while ((frame = this.#outgoing.shift()) !== undefined) {
        await writeAll(this.#socket!, frame);
        this.bufferedBytes -= frame.length;
      }
      this.#isWriting = false;
    } catch (error) {
      this.#abort.abort(error);
    }
  }

  close(code: number, reason: string): void {
    if (this.#goodbye !== null) return;
    this.#goodbye = { code, reason };
    if (!this.#isOpen) return this.#abort.abort();
    const text = new TextEncoder().encode(reason);
    const payload = new Uint8Array(2 + text.length);
    new DataView(payload.buffer).setUint16(0, code);
    payload.set(text, 2);
    this.#write(Opcode.Close, payload);
    this.#patience = this.#clock.after(GOODBYE_MS, () => this.#abort.abort());
  }
}

/** Why: what the handler throws is no failure of the connection and must not be taken for one. */
function loudly(call: () => void): void {
  try {
    call();
  } catch (error) {
    reportError(error);
    throw error;
  }
}
