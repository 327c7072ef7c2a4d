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
 *
 * @example A replica that remembers
 * ```ts
 * import { EmbeddedReplica } from "@kvorum/kvorum/embedded";
 * import { fileLogStore } from "@kvorum/kvorum/storage/file";
 *
 * const directory = await Deno.makeTempDir();
 * const timing = { electionTimeoutMs: 150 }; // alone, it need not wait long for others
 * for (const visits of ["1", "2"]) {
 *   const storage = fileLogStore(directory, { segmentBytes: 1_048_576 });
 *   await using replica = await EmbeddedReplica.open({ storage, timing });
 *   await using client = replica.connect();
 *   console.log((await client.get("visits"))?.text()); // undefined, then 1
 *   await client.put("visits", visits);
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export function fileLogStore(directory: string, options: FileLogStoreOptions = {}): LogStore {
  return new JournalLogStore(new FileMedium(new DenoFileSystem(directory), options.segmentBytes));
}
