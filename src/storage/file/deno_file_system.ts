import { crc32 } from "node:zlib";
import { StorageError } from "../errors.ts";
import { explainFileError } from "./file_error.ts";
import type { FileInfo, FileSystem, OpenFile } from "../file_log/file_system.ts";
import { LockFile } from "./lock_file.ts";

const LOCK_NAME = "lock";

/** A directory of the operating system as a {@linkcode FileSystem}. */
export class DenoFileSystem implements FileSystem {
  readonly description: string;
  readonly crc32 = (bytes: Uint8Array): number => crc32(bytes);
  readonly #lockFile: LockFile;

  /** @param directory Where the files are; made if it is not there, but its parent is not. */
  constructor(directory: string) {
    this.description = directory;
    this.#lockFile = new LockFile(this.#pathOf(LOCK_NAME));
  }

  #pathOf(name: string): string {
    return `${this.description}/${name}`;
  }

  async lock(): Promise<void> {
    await this.#explained(() => makeDirectory(this.description));
    await this.#lockFile.lock(this.description);
  }

  list(): Promise<readonly FileInfo[]> {
    return this.#explained(async () => {
      const files: FileInfo[] = [];
      for await (const { name, isFile } of Deno.readDir(this.description)) {
        if (!isFile) continue;
        files.push({ name, byteLength: (await Deno.stat(this.#pathOf(name))).size });
      }
      return files;
    });
  }

  read(name: string): Promise<Uint8Array | null> {
    return this.#explained(async () => {
      try {
        return await Deno.readFile(this.#pathOf(name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    });
  }

  create(name: string): Promise<OpenFile> {
    return this.#open(name, { write: true, create: true, truncate: true });
  }

  open(name: string): Promise<OpenFile> {
    return this.#open(name, { write: true });
  }

  #open(name: string, options: Deno.OpenOptions): Promise<OpenFile> {
    return this.#explained(async () =>
      new DenoOpenFile(await Deno.open(this.#pathOf(name), options), this.#pathOf(name))
    );
  }

  rename(from: string, to: string): Promise<void> {
    return this.#explained(() => Deno.rename(this.#pathOf(from), this.#pathOf(to)));
  }

  remove(name: string): Promise<void> {
    return this.#explained(() => Deno.remove(this.#pathOf(name)));
  }

  syncDirectory(): Promise<void> {
    return this.#explained(() => syncDirectory(this.description));
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    this.#lockFile.unlock();
  }

  async #explained<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw explainFileError(error, this.description);
    }
  }
}

/** An open file that remembers where it stands, so that appending needs no seek. */
class DenoOpenFile implements OpenFile {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  #position = 0;

  constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  write(bytes: Uint8Array, offset: number): void {
    try {
      if (offset !== this.#position) {
        this.#position = this.#file.seekSync(offset, Deno.SeekMode.Start);
      }
      for (let written = 0; written < bytes.length;) {
        const count = this.#file.writeSync(written === 0 ? bytes : bytes.subarray(written));
        if (count === 0) throw new StorageError(`Cannot write to ${this.#path}: nothing is taken`);
        written += count;
        this.#position += count;
      }
    } catch (error) {
      throw explainFileError(error, this.#path);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#file.syncData();
    } catch (error) {
      throw explainFileError(error, this.#path);
    }
  }

  close(): void {
    this.#file.close();
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  await syncDirectory(`${path}/..`);
}

/** Makes the names in a directory survive a power loss. Windows neither needs nor allows it. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}
