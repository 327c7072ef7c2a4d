import { StorageError } from "../errors.ts";

/** What to do about an error of the operating system, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such directory. Create it first, or choose another",
  ENOTDIR: "there is a file where a directory should be. Choose another",
  EACCES: "permission denied. Give this user the right to write there, or choose another directory",
  EPERM: "permission denied. Give this user the right to write there, or choose another directory",
  EROFS: "the file system is read-only. Choose another directory, or mount it writable",
  ENOSPC: "the disk is full. Make room and start again; nothing that was acknowledged is lost",
  EDQUOT: "the disk quota is used up. Make room and start again; nothing acknowledged is lost",
  EIO: "the disk reports an error. Replace it and let this replica catch up from the others",
};

/** Puts an error of the file system into one line with what to do. */
export function explainFileError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const advice = error instanceof Deno.errors.NotCapable
    ? "this program was not given the permission. Run it with --allow-read and --allow-write"
    : ADVICE[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
  return new StorageError(`Cannot use ${what}: ${advice}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
