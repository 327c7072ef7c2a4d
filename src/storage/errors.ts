/** Base of all failures of durable storage. */
export class StorageError extends Error {
  /** The name of the class. */
  override name = "StorageError";
}

/** The data is in use by another live replica. */
export class StorageLockedError extends StorageError {
  /** The name of the class. */
  override name = "StorageLockedError";
}

/** Bytes that were durable once are not what they were. The message names the place. */
export class StorageDamagedError extends StorageError {
  /** The name of the class. */
  override name = "StorageDamagedError";
}

/** The data was written in a format that this version does not know. */
export class StorageVersionError extends StorageError {
  /** The name of the class. */
  override name = "StorageVersionError";
}

/** A write or sync failed, now or earlier; the storage does nothing more until it is opened again. */
export class StorageFailedError extends StorageError {
  /** The name of the class. */
  override name = "StorageFailedError";
}
