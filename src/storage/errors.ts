/**
 * Base of all failures of durable storage.
 *
 * @example Whatever went wrong, say what to do
 * ```ts
 * import { fileLogStore, StorageError } from "@kvorum/kvorum/storage/file";
 *
 * const store = fileLogStore("/no/such/directory/data");
 * try {
 *   await store.open();
 *   throw new Error("It was opened");
 * } catch (error) {
 *   if (!(error instanceof StorageError)) throw error;
 *   console.log(error.message); // Cannot use … there is no such directory. Create it first …
 * }
 * ```
 */
export class StorageError extends Error {
  /** The name of the class. */
  override name = "StorageError";
}

/**
 * The data is in use by another live replica.
 *
 * @example A second program on the same data
 * ```ts
 * import { fileLogStore, StorageLockedError } from "@kvorum/kvorum/storage/file";
 *
 * const directory = await Deno.makeTempDir();
 * const store = fileLogStore(directory, { segmentBytes: 65_536 });
 * await store.open();
 *
 * const second = fileLogStore(directory);
 * try {
 *   await second.open();
 *   throw new Error("It was opened twice");
 * } catch (error) {
 *   if (!(error instanceof StorageLockedError)) throw error;
 *   console.log(error.message);
 * }
 * await store.close();
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class StorageLockedError extends StorageError {
  /** The name of the class. */
  override name = "StorageLockedError";
}

/**
 * Bytes that were durable once are not what they were. The message names the place.
 *
 * @example Data that something has overwritten
 * ```ts
 * import { openDenoKvLogStore, StorageDamagedError } from "@kvorum/kvorum/storage/deno-kv";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${directory}/data.sqlite3`, "This is no database. ".repeat(100));
 * try {
 *   await openDenoKvLogStore(`${directory}/data.sqlite3`);
 *   throw new Error("It was opened");
 * } catch (error) {
 *   if (!(error instanceof StorageDamagedError)) throw error;
 *   console.log(error.message); // Move the data away and let this replica catch up …
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class StorageDamagedError extends StorageError {
  /** The name of the class. */
  override name = "StorageDamagedError";
}

/**
 * The data was written in a format that this version does not know.
 *
 * @example After a step back to an older version
 * ```ts
 * import { fileLogStore, StorageVersionError } from "@kvorum/kvorum/storage/file";
 *
 * const directory = await Deno.makeTempDir();
 * const options = { segmentBytes: 65_536 };
 * const store = fileLogStore(directory, options);
 * await store.open();
 * await store.close();
 *
 * // A newer version has been here: the format is bytes 8 to 11 of every file.
 * using file = await Deno.open(`${directory}/meta.obj`, { write: true });
 * await file.seek(8, Deno.SeekMode.Start);
 * await file.write(Uint8Array.of(99));
 * try {
 *   await fileLogStore(directory, options).open();
 *   throw new Error("It was opened");
 * } catch (error) {
 *   if (!(error instanceof StorageVersionError)) throw error;
 *   console.log(error.message);
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class StorageVersionError extends StorageError {
  /** The name of the class. */
  override name = "StorageVersionError";
}

/**
 * A write or sync failed, now or earlier; the storage does nothing more until it is opened again.
 *
 * @example Nothing is written after a failure
 * ```ts
 * import {
 *   denoKvLogStore,
 *   StorageError,
 *   StorageFailedError,
 * } from "@kvorum/kvorum/storage/deno-kv";
 *
 * const kv = await Deno.openKv(":memory:");
 * const store = denoKvLogStore(kv);
 * await store.open();
 * kv.close(); // stands for a disk that fails
 *
 * const identity = new Uint8Array(16);
 * const first = await store.saveIdentity(identity).catch((error) => error);
 * const second = await store.saveIdentity(identity).catch((error) => error);
 * if (!(first instanceof StorageError)) throw first;
 * if (!(second instanceof StorageFailedError)) throw second;
 * console.log(second.message);
 * ```
 */
export class StorageFailedError extends StorageError {
  /** The name of the class. */
  override name = "StorageFailedError";
}
