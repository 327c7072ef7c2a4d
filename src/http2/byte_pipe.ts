/** A connection's two streams of bytes, TLS or not. An adapter maps the platform's socket to it. */
export interface BytePipe {
  /** The next bytes, which are the reader's to keep, or `null` at the end. One read at a time. */
  read(): Promise<Uint8Array | null>;
  /** Sends all of `bytes`, which do not change until it resolves. One write at a time. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends both streams at once; a read that waits then ends too. Closing twice is fine. */
  close(): void;
}
