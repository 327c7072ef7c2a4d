/** Base of all failures of durable storage. */
export class StorageError extends Error {
  override name = "StorageError";
}

/** The data is in use by another live replica. */
export class StorageLockedError extends StorageError {
  override name = "StorageLockedError";
}

/** Bytes that were durable once are not what they were. The message names the place. */
export class StorageDamagedError extends StorageError {
  override name = "StorageDamagedError";
}

/** The data was written in a format that this version does not know. */
export class StorageVersionError extends StorageError {
  override name = "StorageVersionError";
}

/** A write or sync failed, now or earlier; the storage does nothing more until it is opened again. */
export class StorageFailedError extends StorageError {
  override name = "StorageFailedError";
}
