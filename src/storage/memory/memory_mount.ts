import { crc32 } from "../../base/crc32.ts";
import { StorageError } from "../errors.ts";
import type { FileInfo, FileSystem, OpenFile } from "../file_log/file_system.ts";
import type { DiskOperation, MemoryDisk } from "./memory_disk.ts";
import { MemoryFile } from "./memory_file.ts";

/** A {@linkcode MemoryDisk} in the hands of one process, until the next crash. */
export class MemoryMount implements FileSystem {
  readonly crc32 = (bytes: Uint8Array): number => crc32(bytes);
  readonly #disk: MemoryDisk;
  readonly #generation: number;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
    this.#generation = disk.generation;
  }

  get description(): string {
    return this.#disk.description;
  }

  async #before(kind: DiskOperation["kind"], name: string): Promise<void> {
    this.#disk.assertAlive(this.#generation);
    await this.#disk.onOperation?.({ kind, name, byteLength: 0 });
    this.#disk.assertAlive(this.#generation);
  }

  #find(name: string): MemoryFile {
    const file = this.#disk.find(name);
    if (file === undefined) {
      throw new StorageError(`Cannot find "${name}" in ${this.#disk.description}`);
    }
    return file;
  }

  // deno-lint-ignore require-await
  async lock(): Promise<void> {
    this.#disk.assertAlive(this.#generation);
    this.#disk.lock();
  }

  // deno-lint-ignore require-await
  async list(): Promise<readonly FileInfo[]> {
    return this.#disk.fileNames().map((name) => ({
      name,
      byteLength: this.#find(name).byteLength,
    }));
  }

  async read(name: string): Promise<Uint8Array | null> {
    await this.#before("read", name);
    return this.#disk.find(name)?.read() ?? null;
  }

  async create(name: string): Promise<OpenFile> {
    await this.#before("create", name);
    const file = new MemoryFile();
    this.#disk.changeName({ removed: null, added: name, file });
    return this.#handle(name, file);
  }

  async open(name: string): Promise<OpenFile> {
    await this.#before("open", name);
    return this.#handle(name, this.#find(name));
  }

  #handle(name: string, file: MemoryFile): OpenFile {
    const disk = this.#disk;
    return {
      write: (bytes, offset) => {
        disk.assertAlive(this.#generation);
        disk.onOperation?.({ kind: "write", name, byteLength: bytes.length });
        disk.assertRoomFor(offset + bytes.length - file.byteLength);
        file.write(bytes, offset);
      },
      sync: async () => {
        const count = file.unsyncedCount;
        await this.#before("sync", name);
        file.sync(count);
      },
      close: () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#before("rename", to);
    this.#disk.changeName({ removed: from, added: to, file: this.#find(from) });
  }

  async remove(name: string): Promise<void> {
    await this.#before("remove", name);
    this.#disk.changeName({ removed: name, added: null, file: this.#find(name) });
  }

  async syncDirectory(): Promise<void> {
    const count = this.#disk.unsyncedNames;
    await this.#before("syncDirectory", "");
    this.#disk.syncNames(count);
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    try {
      this.#disk.assertAlive(this.#generation);
    } catch {
      return;
    }
    this.#disk.unlock();
  }
}
