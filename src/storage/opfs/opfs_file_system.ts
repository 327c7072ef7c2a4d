import { crc32 } from "../../base/crc32.ts";
import { StorageError } from "../errors.ts";
import type { FileInfo, FileSystem, OpenFile } from "../file_log/file_system.ts";
import { explainWebError } from "../web/web_error.ts";
import { WebLock } from "../web/web_lock.ts";
import type { SyncHandle, WorkerFileHandle } from "./sync_handle.ts";

/** Others have their turn after so many bytes have been written and flushed. */
const LONG_WRITE_BYTES = 512 * 1024;

/**
 * A directory of the origin's private file system as a {@linkcode FileSystem}. It needs a dedicated
 * worker, since only there files can be written at once and in place.
 */
export class OpfsFileSystem implements FileSystem {
  readonly description: string;
  readonly crc32 = (bytes: Uint8Array): number => crc32(bytes);
  readonly #name: string;
  readonly #lock: WebLock;
  #directory: FileSystemDirectoryHandle | null = null;

  /** @param name The name of the directory. */
  constructor(name: string) {
    this.description = `the private directory "${name}"`;
    this.#name = name;
    this.#lock = new WebLock(`kvorum-opfs-${name}`);
  }

  async lock(): Promise<void> {
    await this.#lock.lock(this.description);
    this.#directory = await this.#explained(async () => {
      const root = await navigator.storage.getDirectory();
      return await root.getDirectoryHandle(this.#name, { create: true });
    });
  }

  list(): Promise<readonly FileInfo[]> {
    return this.#within(async (directory) => {
      const files: FileInfo[] = [];
      for await (const handle of directory.values()) {
        if (handle.kind !== "file") continue;
        const { size } = await (handle as FileSystemFileHandle).getFile();
        files.push({ name: handle.name, byteLength: size });
      }
      return files;
    });
  }

  read(name: string): Promise<Uint8Array | null> {
    return this.#within(async (directory) => {
      try {
        const file = await (await directory.getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (error instanceof DOMException && error.name === "NotFoundError") return null;
        throw error;
      }
    });
  }

  async create(name: string): Promise<OpenFile> {
    const file = await this.#open(name, true);
    file.truncate();
    return file;
  }

  open(name: string): Promise<OpenFile> {
    return this.#open(name, false);
  }

  #open(name: string, create: boolean): Promise<OpfsOpenFile> {
    return this.#within(async (directory) => {
      const handle = await directory.getFileHandle(name, { create }) as WorkerFileHandle;
      return new OpfsOpenFile(await handle.createSyncAccessHandle(), this.description);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#within(async (directory) => {
      await (await directory.getFileHandle(from) as WorkerFileHandle).move(to);
    });
  }

  remove(name: string): Promise<void> {
    return this.#within((directory) => directory.removeEntry(name));
  }

  /** Browsers offer no way to do this, and say nothing about when names are durable. */
  syncDirectory(): Promise<void> {
    return Promise.resolve();
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    this.#lock.unlock();
  }

  #within<T>(call: (directory: FileSystemDirectoryHandle) => Promise<T>): Promise<T> {
    const directory = this.#directory;
    if (directory === null) {
      return Promise.reject(new StorageError(`Cannot use ${this.description}: it is not open`));
    }
    return this.#explained(() => call(directory));
  }

  async #explained<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw explainWebError(error, this.description);
    }
  }
}

/** A synchronous handle as an {@linkcode OpenFile}. */
class OpfsOpenFile implements OpenFile {
  readonly #handle: SyncHandle;
  readonly #description: string;
  #unsyncedBytes = 0;

  constructor(handle: SyncHandle, description: string) {
    this.#handle = handle;
    this.#description = description;
  }

  truncate(): void {
    this.#explained(() => this.#handle.truncate(0));
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#explained(() => {
      const count = this.#handle.write(bytes, { at: offset });
      this.#unsyncedBytes += count;
      if (count === bytes.length) return;
      throw new StorageError(`Cannot write to ${this.#description}: no more space is given`);
    });
  }

  async sync(): Promise<void> {
    this.#explained(() => this.#handle.flush());
    const isLong = this.#unsyncedBytes >= LONG_WRITE_BYTES;
    this.#unsyncedBytes = 0;
    // Why: all of this held the worker up, and the next large write must not follow at once.
    if (isLong) await new Promise((resolve) => setTimeout(resolve));
  }

  close(): void {
    this.#handle.close();
  }

  #explained(call: () => void): void {
    try {
      call();
    } catch (error) {
      throw explainWebError(error, this.#description);
    }
  }
}
