/** What a channel tells its user. After `onClose` nothing more is told. */
export interface PeerChannelHandler {
  /** The channel can send now. */
  onOpen(): void;
  /** A frame arrived. The bytes belong to the receiver. */
  onFrame(bytes: Uint8Array): void;
  /** The channel is gone, whoever closed it. Called once, also when it never opened. */
  onClose(code: number, reason: string): void;
}

/** An ordered way of frames between two replicas: a WebSocket or a pair of message ports. */
export interface PeerChannel {
  /** What was given to `send` and has not left this replica yet. */
  readonly bufferedBytes: number;
  /** Begins to tell `handler`. Called once, in the same turn in which the channel was made. */
  start(handler: PeerChannelHandler): void;
  /** Sends a frame, or drops it when the channel is not open. The bytes may be reused at once. */
  send(bytes: Uint8Array): void;
  /** Begins to close, and tells the peer why if it can still be told. Idempotent. */
  close(code: number, reason: string): void;
}
