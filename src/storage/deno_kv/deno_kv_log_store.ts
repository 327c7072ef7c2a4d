import { LockFile } from "../file/lock_file.ts";
import { JournalLogStore } from "../journal/journal_log_store.ts";
import type { LogStore } from "../log_store.ts";
import { explainKvError } from "./kv_error.ts";
import { DenoKvMedium } from "./kv_medium.ts";

/** Choices for {@linkcode denoKvLogStore}. */
export interface DenoKvLogStoreOptions {
  /**
   * What the keys begin with. Two replicas may share a database under different prefixes.
   *
   * @default {["kvorum"]}
   */
  readonly prefix?: Deno.KvKey;
  /**
   * What messages call the database.
   *
   * @default {"the Deno KV database"}
   */
  readonly description?: string;
}

const PREFIX: Deno.KvKey = ["kvorum"];

/**
 * A log in a database that the caller has opened and that the store closes. Of two stores on the same
 * data the one opened later wins: the other fails with its next write.
 *
 * @example Two replicas in one database
 * ```ts
 * import { EmbeddedReplica } from "@kvorum/kvorum/embedded";
 * import { denoKvLogStore } from "@kvorum/kvorum/storage/deno-kv";
 *
 * const path = await Deno.makeTempFile({ suffix: ".sqlite3" });
 * const timing = { electionTimeoutMs: 150 }; // alone, they need not wait long for others
 * for (const name of ["shop", "blog"]) {
 *   const storage = denoKvLogStore(await Deno.openKv(path), { prefix: [name] });
 *   await using replica = await EmbeddedReplica.open({ storage, timing });
 *   await using client = replica.connect();
 *   if (await client.get("port") !== null) throw new Error("They are in each other's way");
 *   await client.put("port", "80");
 * }
 * await Deno.remove(path);
 * ```
 */
export function denoKvLogStore(kv: Deno.Kv, options: DenoKvLogStoreOptions = {}): LogStore {
  const { prefix = PREFIX, description = "the Deno KV database" } = options;
  return new JournalLogStore(new DenoKvMedium(kv, prefix, description, null));
}

/**
 * Opens the database at `path` and answers a log in it. A file can be in use by one process at a time:
 * a second one is refused by the store's `open`. Without a path (as on Deno Deploy), and in memory,
 * the store that is opened later wins.
 *
 * @throws {StorageDamagedError} If the file is not a database.
 * @throws {StorageLockedError} If another process uses the file.
 * @throws {StorageError} If the file cannot be opened.
 *
 * @example A replica that remembers
 * ```ts
 * import { EmbeddedReplica } from "@kvorum/kvorum/embedded";
 * import { openDenoKvLogStore } from "@kvorum/kvorum/storage/deno-kv";
 *
 * const directory = await Deno.makeTempDir();
 * const timing = { electionTimeoutMs: 150 }; // alone, it need not wait long for others
 * for (const visits of ["1", "2"]) {
 *   const storage = await openDenoKvLogStore(`${directory}/data.sqlite3`);
 *   await using replica = await EmbeddedReplica.open({ storage, timing });
 *   await using client = replica.connect();
 *   console.log((await client.get("visits"))?.text()); // undefined, then 1
 *   await client.put("visits", visits);
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function openDenoKvLogStore(path?: string): Promise<LogStore> {
  const description = path ?? "the Deno KV database";
  const isLocalFile = path !== undefined && path !== ":memory:" && !/^https?:/.test(path);
  const lockFile = isLocalFile ? new LockFile(`${path}.lock`) : null;
  await lockFile?.lock(description);
  try {
    const kv = await Deno.openKv(path);
    return new JournalLogStore(new DenoKvMedium(kv, PREFIX, description, lockFile));
  } catch (error) {
    lockFile?.unlock();
    throw explainKvError(error, description);
  }
}
