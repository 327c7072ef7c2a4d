/** A connection's two streams of bytes: what is needed of it, with TLS or without. */
export interface Socket {
  /** Reads into `buffer` and answers how much, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes` and answers how much. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more is written. */
  closeWrite(): Promise<void>;
  /** Ends both directions. */
  close(): void;
}

/** Writes all of `bytes`, however little the socket takes at a time. */
export async function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  let sent = await socket.write(bytes);
  while (sent < bytes.length) sent += await socket.write(bytes.subarray(sent));
}
