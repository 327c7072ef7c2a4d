import { JournalLogStore } from "../journal/journal_log_store.ts";
import type { LogStore } from "../log_store.ts";
import { DenoFileSystem } from "./deno_file_system.ts";
import { FileMedium } from "../file_log/file_medium.ts";

/** Choices for {@linkcode fileLogStore}. */
export interface FileLogStoreOptions {
  /**
   * The size of a file of the journal, which is filled with zeros in advance.
   *
   * @default {67108864}
   */
  readonly segmentBytes?: number;
}

/**
 * A log in the files of one directory, which `open` makes if its parent is there. The format is
 * described in `docs/file_format.md`.
 */
export function fileLogStore(directory: string, options: FileLogStoreOptions = {}): LogStore {
  return new JournalLogStore(new FileMedium(new DenoFileSystem(directory), options.segmentBytes));
}
