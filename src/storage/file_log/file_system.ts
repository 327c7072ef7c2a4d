import type { Checksum } from "../journal/frame.ts";

/** A file that has been opened for writing. */
export interface OpenFile {
  /** Writes all bytes at `offset`, at once; the file grows if need be. Throws if it cannot. */
  write(bytes: Uint8Array, offset: number): void;
  /** Makes everything written so far survive a power loss, the file's size included. */
  sync(): Promise<void>;
  /** Gives the file back. */
  close(): void;
}

/** A file as a listing shows it. */
export interface FileInfo {
  readonly name: string;
  readonly byteLength: number;
}

/**
 * One directory, with the few calls that the file log makes. It is narrow so that tests can put a
 * disk behind it that forgets, tears and fails, and so that a browser's private files can serve.
 *
 * What a power loss leaves: of a file, the bytes written before the last `sync` and any part of those
 * written since; of names, those at the last `syncDirectory` and any of the changes made since.
 */
export interface FileSystem {
  /** Where it is, for messages. */
  readonly description: string;
  /** The fastest CRC-32 at hand. */
  readonly crc32: Checksum;
  /** Keeps other processes out, creating the directory if need be, or throws `StorageLockedError`. */
  lock(): Promise<void>;
  /** All files, in no particular order. */
  list(): Promise<readonly FileInfo[]>;
  /** A whole file, or null if there is none of that name. */
  read(name: string): Promise<Uint8Array | null>;
  /** Makes an empty file, in the place of one of that name. */
  create(name: string): Promise<OpenFile>;
  /** Opens a file that exists. */
  open(name: string): Promise<OpenFile>;
  /** Gives a closed file another name, in the place of a file that has it. Atomic. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. */
  remove(name: string): Promise<void>;
  /** Makes the names survive a power loss. */
  syncDirectory(): Promise<void>;
  /** Releases the lock. */
  close(): Promise<void>;
}
