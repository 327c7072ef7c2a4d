import { assertEquals, assertRejects } from "@std/assert";
import { StorageError, StorageLockedError } from "../../../src/storage/errors.ts";
import { openDenoKvLogStore } from "../../../src/storage/deno_kv/deno_kv_log_store.ts";
import { DenoFileSystem } from "../../../src/storage/file/deno_file_system.ts";
import { fileLogStore } from "../../../src/storage/file/file_log_store.ts";
import { FileMedium } from "../../../src/storage/file_log/file_medium.ts";
import type { FileSystem } from "../../../src/storage/file_log/file_system.ts";
import { JournalLogStore } from "../../../src/storage/journal/journal_log_store.ts";
import { batchOf, entriesOf } from "../fixtures.ts";
import { logStoreSuite, type StorePlace } from "../log_store_suite.ts";

const SEGMENT_BYTES = 64 * 1024;

class DirectoryPlace implements StorePlace {
  readonly #parent = Deno.makeTempDirSync();
  readonly directory: string = `${this.#parent}/data`;
  #mounted: Array<() => Promise<void>> = [];
  #isFailing = false;

  store(): JournalLogStore {
    const disk = new DenoFileSystem(this.directory);
    const opened: Array<() => void> = [];
    let isOver = false;
    const open: FileSystem["open"] = async (name) => {
      const file = await disk.open(name);
      let isOpen = true;
      const close = (): void => {
        if (isOpen) file.close();
        isOpen = false;
      };
      opened.push(close);
      return {
        write: (bytes, offset) => file.write(bytes, offset),
        sync: () => this.#isFailing ? Promise.reject(new Error("EIO")) : file.sync(),
        close,
      };
    };
    this.#mounted.push(async () => {
      isOver = true;
      for (const close of opened) close();
      await disk.close();
    });
    const bound = new Proxy<FileSystem>(disk, {
      get: (target, key) => {
        if (key === "open") return open;
        if (key === "close" && isOver) return () => Promise.resolve();
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return new JournalLogStore(new FileMedium(bound, SEGMENT_BYTES));
  }

  async kill(): Promise<void> {
    for (const end of this.#mounted) await end();
    this.#mounted = [];
  }

  failWrites(): void {
    this.#isFailing = true;
  }

  async remove(): Promise<void> {
    await this.kill();
    Deno.removeSync(this.#parent, { recursive: true });
  }
}

logStoreSuite("file", { newPlace: () => new DirectoryPlace() });

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await run(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("fileLogStore() makes its directory, but not the one above", () =>
  withDirectory(async (directory) => {
    const store = fileLogStore(`${directory}/data`, { segmentBytes: SEGMENT_BYTES });
    await store.open();
    await store.append(batchOf(entriesOf(1, 3)));
    assertEquals(Deno.statSync(`${directory}/data/log-000000000001`).size, SEGMENT_BYTES);
    await store.close();
    await assertRejects(
      () => fileLogStore(`${directory}/no/data`).open(),
      StorageError,
      "there is no such directory. Create it first",
    );
  }));

Deno.test("fileLogStore() refuses a directory that is in use and names it", () =>
  withDirectory(async (directory) => {
    const store = fileLogStore(directory, { segmentBytes: SEGMENT_BYTES });
    await store.open();
    await assertRejects(() => fileLogStore(directory).open(), StorageLockedError, directory);
    await store.close();
  }));

Deno.test("fileLogStore() syncs once a batch, and the directory after a change of names", () =>
  withDirectory(async (directory) => {
    const store = fileLogStore(directory, { segmentBytes: SEGMENT_BYTES });
    await store.open();
    const { sync, syncData } = Deno.FsFile.prototype;
    const calls: string[] = [];
    Deno.FsFile.prototype.sync = function () {
      calls.push("sync");
      return sync.call(this);
    };
    Deno.FsFile.prototype.syncData = function () {
      calls.push("syncData");
      return syncData.call(this);
    };
    try {
      for (let i = 1; i <= 3; i++) await store.append(batchOf(entriesOf(i, 1)));
      assertEquals(calls.splice(0), ["syncData", "syncData", "syncData"]);
      await store.saveIdentity(new Uint8Array(4));
      assertEquals(calls.splice(0), ["syncData", "sync"]);
    } finally {
      Object.assign(Deno.FsFile.prototype, { sync, syncData });
      await store.close();
    }
  }));

Deno.test({
  name: "fileLogStore() and openDenoKvLogStore() say which permission is missing",
  permissions: { read: false, write: false, sys: false, env: false },
  async fn() {
    for (
      const open of [
        () => fileLogStore("/nowhere/data").open(),
        () => openDenoKvLogStore("/nowhere/data.kv"),
      ]
    ) {
      await assertRejects(open, StorageError, "Run it with --allow-read and --allow-write");
    }
  },
});
