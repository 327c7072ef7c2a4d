import type { Checksum, Frame } from "./frame.ts";

/** What a medium found of the journal. */
export interface JournalContents {
  /** All whole frames, each following the one before it. */
  readonly frames: readonly Frame[];
  /** What was found and left out: a write that was cut short. */
  readonly notes: readonly string[];
}

/**
 * Where bytes are kept: what an adapter gives to {@linkcode JournalLogStore}. It keeps a journal of
 * numbered frames and named objects beside it, and knows nothing of their meaning.
 *
 * The calls come in this order: `lock`; then reading; then `startWriting`; then the rest. Invariant:
 * nothing is written before `startWriting`, so storage that is refused stays as it was. At most one
 * `appendFrame` is under way at a time, and beside it at most one of the other writing calls. Each
 * writing call resolves when its effect survives a power loss, and takes effect whole or not at all.
 */
export interface Medium {
  /** Where the data is, for messages. */
  readonly description: string;
  /** The fastest CRC-32 at hand. */
  readonly crc32: Checksum;
  /** Keeps every other process out, or throws `StorageLockedError`. */
  lock(): Promise<void>;
  /** An object's bytes, or null if there is none of that name. */
  readObject(name: string): Promise<Uint8Array | null>;
  /** The names of all objects. */
  objectNames(): Promise<readonly string[]>;
  /** Reads the whole journal; throws `StorageDamagedError` if what is missing was durable once. */
  readJournal(): Promise<JournalContents>;
  /** Removes what an interrupted write left behind. Frames are appended after those just read. */
  startWriting(): Promise<void>;
  /** Appends a frame, whose bytes stay unchanged until the promise is settled. */
  appendFrame(sequence: number, frame: Uint8Array): Promise<void>;
  /** Removes frames numbered below `sequence`, in order and as far as it is convenient. */
  dropFrames(sequence: number): Promise<void>;
  /** Writes or replaces an object. */
  writeObject(name: string, bytes: Uint8Array): Promise<void>;
  /** Removes an object, if there is one. A power loss may bring it back. */
  removeObject(name: string): Promise<void>;
  /** How many bytes the data occupies, as far as it is known. */
  byteLength(): number;
  /** Releases the lock and everything held; also after a failure, and only once. */
  close(): Promise<void>;
}
