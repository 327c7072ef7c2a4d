import { StorageLockedError } from "../errors.ts";
import { explainFileError } from "./file_error.ts";

/**
 * A lock between processes, held by way of a file. The operating system gives it back when the
 * process ends, however it ends, so a lock never outlives its holder; the file itself stays and means
 * nothing.
 */
export class LockFile {
  readonly #path: string;
  #file: Deno.FsFile | null = null;

  /** @param path Where the file is, or is made. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the lock unless it is held here already. `what` names what it protects, for the message when another has it. */
  async lock(what: string): Promise<void> {
    if (this.#file !== null) return;
    const file = await this.#open(what);
    if (await file.tryLock(true)) {
      this.#file = file;
      return;
    }
    file.close();
    throw new StorageLockedError(
      `Cannot open ${what}: another process is using it. Stop that process first, or use other data`,
    );
  }

  async #open(what: string): Promise<Deno.FsFile> {
    try {
      return await Deno.open(this.#path, { read: true, write: true, create: true });
    } catch (error) {
      throw explainFileError(error, what);
    }
  }

  /** Gives the lock back, if it is held. */
  unlock(): void {
    this.#file?.close();
    this.#file = null;
  }
}
