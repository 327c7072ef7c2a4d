import { FileMedium } from "../file_log/file_medium.ts";
import { JournalLogStore } from "../journal/journal_log_store.ts";
import type { LogStore } from "../log_store.ts";
import { OpfsFileSystem } from "./opfs_file_system.ts";

/** Smaller than on a server: a browser counts the zeros against the site's quota too. */
const SEGMENT_BYTES = 8 * 1_048_576;

/** Choices for {@linkcode opfsLogStore}. */
export interface OpfsLogStoreOptions {
  /**
   * The size of a file of the journal, which is filled with zeros in advance.
   *
   * @default {8388608}
   */
  readonly segmentBytes?: number;
}

/**
 * The file log in a directory of the origin's private file system. It works in dedicated workers only,
 * and one of them can have it open at a time.
 */
export function opfsLogStore(directoryName: string, options: OpfsLogStoreOptions = {}): LogStore {
  const { segmentBytes = SEGMENT_BYTES } = options;
  return new JournalLogStore(new FileMedium(new OpfsFileSystem(directoryName), segmentBytes));
}
