/** The way that frames take: a WebSocket, a message port, or two ends in one program. */

/** What a channel tells its user. After `onClose` nothing more is told. */
export interface ChannelHandler {
  /** The channel can send now. */
  onOpen(): void;
  /** A message arrived. The bytes belong to the receiver. */
  onMessage(bytes: Uint8Array): void;
  /** The channel is gone, whoever closed it. Called once, also when it never opened. */
  onClose(code: number, reason: string): void;
}

/** An ordered way of messages between a client and a server. */
export interface Channel {
  /** What was given to `send` and has not left yet. */
  readonly bufferedBytes: number;
  /** Begins to tell `handler`. Called once, in the turn in which the channel was made. */
  start(handler: ChannelHandler): void;
  /** Sends a message, or drops it when the channel is not open. The bytes may be reused at once. */
  send(bytes: Uint8Array): void;
  /** Begins to close, and tells the other end why if it can still be told. Idempotent. */
  close(code: number, reason: string): void;
}

/** Why a server closes a channel. */
export const ChannelCode = {
  Normal: 1000,
  /** What came was not a frame, or broke a limit. */
  Malformed: 4400,
  /** Nothing came for too long, or what was sent was not taken. */
  TooSlow: 4408,
  /** The versions of the protocol do not fit. */
  WrongVersion: 4426,
  /** The server stops, or has too many connections. Try another one. */
  Unavailable: 4503,
} as const;

/** Two ends in one program. What one sends, the other receives in a later microtask. */
export function channelPair(): [Channel, Channel] {
  const a = new MemoryChannel();
  const b = new MemoryChannel();
  a.peer = b;
  b.peer = a;
  return [a, b];
}

class MemoryChannel implements Channel {
  readonly bufferedBytes = 0;
  peer: MemoryChannel | null = null;
  #handler: ChannelHandler | null = null;
  #isClosed = false;

  start(handler: ChannelHandler): void {
    this.#handler = handler;
    const open = () => {
      if (!this.#isClosed) handler.onOpen();
    };
    Promise.resolve().then(open);
  }

  send(bytes: Uint8Array): void {
    const { peer } = this;
    if (this.#isClosed || peer === null) return;
    const copy = bytes.slice();
    Promise.resolve().then(() => peer.#deliver(copy));
  }

  close(code: number, reason: string): void {
    const { peer } = this;
    Promise.resolve().then(() => {
      this.#end(code, reason);
      if (peer !== null) peer.#end(code, reason);
    });
  }

  #deliver(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#handler?.onMessage(bytes);
  }

  #end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler?.onClose(code, reason);
  }
}
