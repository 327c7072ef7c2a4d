import { StorageError } from "../errors.ts";

/** What to do about an error of the browser's storage, by its name. */
const ADVICE: Readonly<Record<string, string>> = {
  QuotaExceededError: "the browser's space for this site is used up. Free some and start again; " +
    "nothing that was acknowledged is lost",
  InvalidStateError: "it was deleted or closed by the browser. Let this replica begin anew and " +
    "catch up from the others",
  NotFoundError: "a part of it is gone. Let this replica begin anew and catch up from the others",
  SecurityError: "this page may not store anything. Allow it in the browser's settings",
  VersionError: "a newer version wrote it. Load the page of that version",
};

/** Puts an error of the browser's storage into one line with what to do. */
export function explainWebError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  return new StorageError(`Cannot use ${what}: ${ADVICE[name] ?? message}`, { cause: error });
}
