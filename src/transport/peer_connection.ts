import { MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { Clock, Stoppable } from "../base/clock.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { PEER_FRAME_BYTES_MAX } from "../base/limits.ts";
import { clipReason, CloseCode, printableReason, type Refusal } from "./close_code.ts";
import {
  beginFrame,
  type Checksum,
  endFrame,
  expectEnd,
  type Frame,
  FrameKind,
  openFrame,
} from "./frame.ts";
import { decodeHello, encodeHello, type Hello, type Identity, refuseHello } from "./hello.ts";
import type { PeerChannel } from "./peer_channel.ts";
import { readMessages, writeMessagesFrame } from "./peer_codec.ts";
import { CHANNEL_BUFFER_BYTES_MAX, DRAIN_POLL_MS, type PeerTiming } from "./peer_limits.ts";
import type { PeerMessage } from "./peer_message.ts";
import { SendQueue } from "./send_queue.ts";

/** How a connection ended. */
export interface ConnectionEnd {
  readonly code: number;
  readonly reason: string;
  /** Whether the other end closed it, or the way between broke. */
  readonly byPeer: boolean;
}

/** Whoever keeps the connections. */
export interface ConnectionOwner {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly timing: PeerTiming;
  readonly checksum: Checksum;
  /** Decides on a peer whose hello is right. */
  admit(connection: PeerConnection, hello: Hello): Refusal | null;
  /** The hello exchange ended well: `connection.peer` is known. */
  onOpen(connection: PeerConnection): void;
  onMessages(connection: PeerConnection, messages: readonly PeerMessage[]): void;
  /** So many bytes went over an open connection. */
  onBytes(connection: PeerConnection, sentBytes: number, receivedBytes: number): void;
  /** Called once, at the moment when the connection is of no more use. */
  onEnd(connection: PeerConnection, end: ConnectionEnd): void;
  /** Called once, when the channel below is gone too. */
  onReleased(connection: PeerConnection): void;
}

/**
 * One connection: the hello exchange, then frames of messages both ways, with pings when idle.
 *
 * The dialler speaks first; the other end judges and either refuses or answers with its own hello;
 * the dialler judges and either refuses or confirms with a ping. So each end knows that the other
 * let it in before it uses the connection, and each learns why it was not.
 *
 *     dialling:  connecting ──open, hello sent──► greeting ──hello, ping sent──► open
 *     accepted:  connecting ──open──► greeting ──hello, hello sent──► confirming ──any frame──► open
 */
export class PeerConnection {
  /** Whether this replica opened the connection. */
  readonly dialled: boolean;
  /** The other end: whom we dialled, or who a checked hello says; no member until then. */
  peer: MemberId;
  /** When the connection opened, in the clock's milliseconds, or null when it did not. */
  openedAtMs: number | null = null;
  readonly #owner: ConnectionOwner;
  readonly #channel: PeerChannel;
  readonly #queue = new SendQueue();
  readonly #writer = new ByteWriter();
  readonly #startedAtMs: number;
  #state: "connecting" | "greeting" | "confirming" | "open" | "ended" = "connecting";
  #lastReceivedMs: number;
  #lastSentMs: number;
  #drain: Stoppable | null = null;

  /** @param dialledPeer Whom this replica dialled, or null when the peer dialled. */
  constructor(owner: ConnectionOwner, channel: PeerChannel, dialledPeer: MemberId | null) {
    this.#owner = owner;
    this.#channel = channel;
    this.dialled = dialledPeer !== null;
    this.peer = dialledPeer ?? NO_MEMBER;
    this.#startedAtMs = owner.clock.nowMs();
    this.#lastReceivedMs = this.#startedAtMs;
    this.#lastSentMs = this.#startedAtMs;
  }

  /** Begins to listen to the channel. */
  start(): void {
    this.#channel.start({
      onOpen: () => this.#onChannelOpen(),
      onFrame: (bytes) => this.#onFrame(bytes),
      onClose: (code, reason) => {
        this.#end({ code, reason: printableReason(reason), byPeer: true });
        this.#owner.onReleased(this);
      },
    });
  }

  /** Whether the hello exchange ended well and the connection did not end since. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The bytes of messages that wait. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Takes messages to send with the next flush. Answers false when some had to be dropped. */
  enqueue(messages: readonly PeerMessage[]): boolean {
    let complete = true;
    for (const message of messages) complete = this.#queue.push(message) && complete;
    return complete;
  }

  /** Sends what waits, as far as the channel has room, and looks after the rest. */
  flush(): void {
    if (!this.isOpen) return;
    while (!this.#queue.isEmpty) {
      if (this.#channel.bufferedBytes >= CHANNEL_BUFFER_BYTES_MAX) return this.#flushLater();
      const messages = this.#queue.takeFrame();
      const { identity: { memberId }, checksum } = this.#owner;
      this.#send(writeMessagesFrame(this.#writer, memberId, this.peer, messages, checksum));
    }
  }

  #flushLater(): void {
    this.#drain ??= this.#owner.clock.after(DRAIN_POLL_MS, () => {
      this.#drain = null;
      this.flush();
    });
  }

  #send(frame: Uint8Array): void {
    this.#lastSentMs = this.#owner.clock.nowMs();
    if (this.isOpen) this.#owner.onBytes(this, frame.length, 0);
    this.#channel.send(frame);
  }

  #sendPing(): void {
    beginFrame(this.#writer, FrameKind.Ping);
    this.#send(endFrame(this.#writer));
  }

  /**
   * Looks at the clock: pings when idle, ends what is silent. `lateMs` is how much later than
   * planned the call comes; a replica that was itself paused does not blame its peers for it.
   */
  tick(nowMs: number, lateMs: number): void {
    this.#lastReceivedMs += lateMs;
    const { timing } = this.#owner;
    if (!this.isOpen) {
      if (nowMs - this.#startedAtMs < timing.helloTimeoutMs) return;
      return this.close(CloseCode.HelloTimeout, `no hello within ${timing.helloTimeoutMs} ms`);
    }
    if (nowMs - this.#lastReceivedMs >= timing.silenceTimeoutMs) {
      return this.close(CloseCode.Silent, `nothing heard for ${timing.silenceTimeoutMs} ms`);
    }
    if (nowMs - this.#lastSentMs >= timing.pingIntervalMs) this.#sendPing();
  }

  /** Ends the connection and tells the peer why. */
  close(code: number, reason: string): void {
    if (this.#state === "ended") return;
    const clipped = clipReason(reason);
    this.#end({ code, reason: clipped, byPeer: false });
    this.#channel.close(code, clipped);
  }

  #end(end: ConnectionEnd): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#queue.clear();
    this.#drain?.stop();
    this.#owner.onEnd(this, end);
  }

  #onChannelOpen(): void {
    if (this.#state !== "connecting") return;
    this.#state = "greeting";
    if (this.dialled) this.#send(encodeHello(this.#owner.identity, this.peer));
  }

  #onFrame(bytes: Uint8Array): void {
    if (this.#state === "ended") return;
    this.#lastReceivedMs = this.#owner.clock.nowMs();
    if (this.isOpen) this.#owner.onBytes(this, 0, bytes.length);
    if (bytes.length > PEER_FRAME_BYTES_MAX) {
      const reason = `frame of ${bytes.length} bytes; ${PEER_FRAME_BYTES_MAX} are allowed`;
      return this.close(CloseCode.FrameTooLarge, reason);
    }
    try {
      this.#onCheckedFrame(openFrame(bytes, this.#owner.checksum));
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.close(CloseCode.Malformed, error.message);
    }
  }

  #onCheckedFrame({ kind, version, body }: Frame): void {
    if (this.#state === "greeting") {
      if (kind !== FrameKind.Hello) throw new MalformedBytesError("Cannot begin without a hello");
      return this.#onHello(decodeHello(version, body));
    }
    if (this.#state === "confirming") this.#open();
    switch (kind) {
      case FrameKind.Messages: {
        const { from, to, messages } = readMessages(version, body);
        if (from !== this.peer || to !== this.#owner.identity.memberId) {
          throw new MalformedBytesError("Cannot take messages from or for somebody else");
        }
        if (this.#drain) this.flush();
        return this.#owner.onMessages(this, messages);
      }
      case FrameKind.Ping:
        return expectEnd(body);
      default:
        throw new MalformedBytesError(`Cannot take a frame of the kind ${kind} here`);
    }
  }

  #onHello(hello: Hello): void {
    const { identity } = this.#owner;
    const refusal = refuseHello(hello, identity, this.dialled ? this.peer : null);
    if (!this.dialled) this.peer = hello.from;
    const decision = refusal ?? this.#owner.admit(this, hello);
    if (decision) return this.close(decision.code, decision.reason);
    if (!this.dialled) {
      this.#state = "confirming";
      return this.#send(encodeHello(identity, this.peer));
    }
    this.#sendPing();
    this.#open();
  }

  #open(): void {
    this.#state = "open";
    this.openedAtMs = this.#owner.clock.nowMs();
    this.#owner.onOpen(this);
  }
}
