import { StorageError, StorageLockedError } from "../errors.ts";
import { damaged } from "../journal/object_record.ts";

/** Puts an error of Deno KV into one line with what to do. SQLite's errors have only a text. */
export function explainKvError(error: unknown, what: string): Error {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/not a database|malformed/.test(message)) return damaged(`${what}: ${message}`, error);
  if (/locked/.test(message)) {
    return new StorageLockedError(
      `Cannot use ${what}: another process is using it. Stop that process first, or use other data`,
      { cause: error },
    );
  }
  return new StorageError(`Cannot use ${what}: ${adviceFor(error, message)}`, { cause: error });
}

function adviceFor(error: unknown, message: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was not given the permission. Run it with --allow-read and --allow-write";
  }
  if (/unable to open/.test(message)) {
    return "there is no such directory, or it cannot be written. Create it, or choose another path";
  }
  if (/read-?only/.test(message)) {
    return "it is read-only. Make it writable, or choose another path";
  }
  if (/full/.test(message)) {
    return "the disk is full. Make room and start again; nothing that was acknowledged is lost";
  }
  return message;
}
