import { MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { Clock } from "../base/clock.ts";
import { type Channel, ChannelCode } from "../proto/multiplex/channel.ts";
import { type AnswerItems, decodeAnswers } from "../proto/multiplex/frame.ts";
import {
  decodeServerHello,
  PROTOCOL_VERSION,
  type ServerHello,
  writeClientHello,
} from "../proto/multiplex/hello.ts";
import {
  beginFrame,
  FrameAssembler,
  hasItems,
  LARGE_PARTS,
  type PartOptions,
  PING,
  PONG,
  sendFrame,
  SMALL_PARTS,
} from "../proto/multiplex/parts.ts";

/** A frame goes out when it has this size, though the turn is not over. */
const FRAME_BYTES = 262_144;
/** A server's answer may be large: a range of everything. */
const ANSWER_BYTES_MAX = 1_073_741_824;

/** Whom a connection tells. After `onLost` nothing more is told. */
export interface ConnectionListener {
  /** The server has introduced itself. */
  onReady(hello: ServerHello): void;
  onItem(item: AnswerItems): void;
  /** All items of a frame have been told. */
  onFrameEnd(): void;
  /** It is over, or it never came about. */
  onLost(reason: string): void;
}

/** When a connection counts as lost. */
export interface Patience {
  /** From dialling until the server's hello. */
  readonly connectMs: number;
  /** A ping goes out when nothing was heard for so long while something is awaited. */
  readonly pingMs: number;
  /** The same while nothing is awaited. */
  readonly idlePingMs: number;
  /** A ping without an answer for so long means that nobody is there. */
  readonly silenceMs: number;
}

/** One connection to one server: frames of what a turn brought, and whether the server lives. */
export class Connection {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #listener: ConnectionListener;
  readonly #patience: Patience;
  readonly #parts: PartOptions;
  readonly #assembler = new FrameAssembler(ANSWER_BYTES_MAX);
  /** The frame of this turn. Whoever writes to it calls {@linkcode Connection.wrote}. */
  readonly writer: ByteWriter = new ByteWriter(4_096);
  #hello: ServerHello | null = null;
  #isLost = false;
  #isScheduled = false;
  #startedMs: number;
  #heardMs: number;
  /** How often the server's silence was looked at since the last ping; -1 without one. */
  #pingedMs = -1;
  #looksSincePing = 0;

  constructor(
    channel: Channel,
    client: bigint,
    clock: Clock,
    patience: Patience,
    listener: ConnectionListener,
  ) {
    this.#channel = channel;
    this.#clock = clock;
    this.#patience = patience;
    this.#listener = listener;
    this.#parts = delaysSmallWrites() ? SMALL_PARTS : LARGE_PARTS;
    this.#startedMs = this.#heardMs = clock.nowMs();
    beginFrame(this.writer);
    channel.start({
      onOpen: () => {
        writeClientHello({ version: PROTOCOL_VERSION, client }, this.writer);
        this.#flush();
      },
      onMessage: (bytes) => this.#receive(bytes),
      onClose: (code, reason) => this.#lose(reason || `connection closed (${code})`),
    });
  }

  /** What the server has said of itself, or null before it has. */
  get hello(): ServerHello | null {
    return this.#hello;
  }

  /** Sends what was written when this turn is over, or at once when it is much. */
  wrote(): void {
    if (this.writer.length > FRAME_BYTES) this.#flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#clock.defer(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
  }

  /** Looks whether the server still answers. Called now and then. */
  check(isAwaiting: boolean): void {
    if (this.#isLost) return;
    const nowMs = this.#clock.nowMs();
    const { connectMs, pingMs, idlePingMs, silenceMs } = this.#patience;
    if (this.#hello === null) {
      if (nowMs - this.#startedMs > connectMs) this.close(`no hello within ${connectMs} ms`);
    } else if (this.#pingedMs >= 0) {
      // Why two looks: after this program itself has stood still, answers may wait to be read.
      this.#looksSincePing++;
      if (nowMs - this.#pingedMs > silenceMs && this.#looksSincePing > 1) {
        this.close(`no answer for ${silenceMs} ms`);
      }
    } else if (nowMs - this.#heardMs > (isAwaiting ? pingMs : idlePingMs)) {
      this.#pingedMs = nowMs;
      this.#looksSincePing = 0;
      this.#channel.send(PING);
    }
  }

  /** Gives the connection up. */
  close(reason: string): void {
    if (this.#isLost) return;
    this.#channel.close(ChannelCode.Normal, "");
    this.#lose(reason);
  }

  #lose(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#listener.onLost(reason);
  }

  #receive(message: Uint8Array): void {
    if (this.#isLost) return;
    this.#heardMs = this.#clock.nowMs();
    this.#pingedMs = -1;
    try {
      if (FrameAssembler.asksForEcho(message)) this.#channel.send(PONG);
      const frame = this.#assembler.take(message);
      if (frame === null || frame.length === 0) return;
      if (this.#hello === null) {
        this.#hello = decodeServerHello(frame);
        this.#listener.onReady(this.#hello);
      } else {
        for (const item of decodeAnswers(frame)) this.#listener.onItem(item);
        this.#listener.onFrameEnd();
      }
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.close(error.message);
    }
  }

  #flush(): void {
    if (this.#isLost || !hasItems(this.writer)) return;
    sendFrame(this.writer, this.#parts, (message) => this.#channel.send(message));
    beginFrame(this.writer);
  }
}

/**
 * Whether this platform's WebSocket leaves Nagle's algorithm on and writes a message in two pieces,
 * so that one of a few kilobytes waits 40 ms for an acknowledgement. Deno does.
 */
function delaysSmallWrites(): boolean {
  return typeof navigator === "object" && /^Deno\//.test(navigator.userAgent ?? "");
}
