/**
 * Runs in a dedicated worker of a real browser: the conformance suite on IndexedDB and on the
 * origin's private files. The test that starts the browser sends the name of a test, or what to do.
 */
import { FileMedium } from "../../../src/storage/file_log/file_medium.ts";
import type { OpenFile } from "../../../src/storage/file_log/file_system.ts";
import { IndexedDbMedium } from "../../../src/storage/indexeddb/indexeddb_medium.ts";
import { indexedDbLogStore } from "../../../src/storage/indexeddb/indexeddb_log_store.ts";
import type { Medium } from "../../../src/storage/journal/medium.ts";
import { JournalLogStore } from "../../../src/storage/journal/journal_log_store.ts";
import type { LogStore } from "../../../src/storage/log_store.ts";
import { OpfsFileSystem } from "../../../src/storage/opfs/opfs_file_system.ts";
import { opfsLogStore } from "../../../src/storage/opfs/opfs_log_store.ts";
import { batchOf, entriesOf, manifestOf, segmentOf } from "../fixtures.ts";
import { logStoreSuite, type StorePlace } from "../log_store_suite.ts";
import { registerIndexedDbTests } from "./indexeddb_tests.ts";

const SEGMENT_BYTES = 64 * 1024;
const FILL_ENTRIES_MAX = 20_000;
const tests = new Map<string, () => Promise<void>>();
let placeCount = 0;

abstract class BrowserPlace implements StorePlace {
  readonly name: string = `place-${placeCount++}`;
  #media: Medium[] = [];

  abstract newMedium(): Medium;
  abstract failWrites(): void | Promise<void>;
  abstract removeData(): Promise<void>;

  store(): LogStore {
    const medium = this.newMedium();
    this.#media.push(medium);
    return new JournalLogStore(medium);
  }

  async kill(): Promise<void> {
    for (const medium of this.#media.splice(0)) await medium.close();
  }

  async remove(): Promise<void> {
    await this.kill();
    await this.removeData();
  }
}

class IndexedDbPlace extends BrowserPlace {
  newMedium(): Medium {
    return new IndexedDbMedium(this.name);
  }

  /** The user clears the site's data while the tab is open. */
  failWrites(): Promise<void> {
    return this.removeData();
  }

  removeData(): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(this.name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
    });
  }
}

class FailingOpfs extends OpfsFileSystem {
  isFailing = false;

  override async open(name: string): Promise<OpenFile> {
    const file = await super.open(name);
    return {
      write: (bytes, offset) => file.write(bytes, offset),
      sync: () => this.isFailing ? Promise.reject(new Error("EIO")) : file.sync(),
      close: () => file.close(),
    };
  }
}

class OpfsPlace extends BrowserPlace {
  #fileSystems: FailingOpfs[] = [];

  newMedium(): Medium {
    const fileSystem = new FailingOpfs(this.name);
    this.#fileSystems.push(fileSystem);
    return new FileMedium(fileSystem, SEGMENT_BYTES);
  }

  failWrites(): void {
    for (const fileSystem of this.#fileSystems) fileSystem.isFailing = true;
  }

  async removeData(): Promise<void> {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(this.name, { recursive: true });
  }
}

const register = (name: string, run: () => Promise<void>): void => void tests.set(name, run);
logStoreSuite("indexeddb", { newPlace: () => new IndexedDbPlace() }, register);
logStoreSuite("opfs", { newPlace: () => new OpfsPlace() }, register);
registerIndexedDbTests(register);
register("OpfsFileSystem.create() makes files that let others have their turn", async () => {
  const fileSystem = new OpfsFileSystem("turns");
  await fileSystem.lock();
  const file = await fileSystem.create("large");
  for (let step = 0; step < 3; step++) {
    let hadTurn = false;
    setTimeout(() => hadTurn = true);
    file.write(new Uint8Array(1_048_576), step * 1_048_576);
    await file.sync();
    if (!hadTurn) throw new Error(`Nobody had a turn after step ${step}`);
  }
  file.close();
  await fileSystem.close();
});

function openStore(storage: string): LogStore {
  return storage === "indexeddb"
    ? indexedDbLogStore("killed")
    : opfsLogStore("killed", { segmentBytes: SEGMENT_BYTES });
}

/** Appends until the browser dies, and tells each index that was acknowledged. */
async function write(storage: string): Promise<void> {
  const store = openStore(storage);
  const { entries } = await store.open();
  let index = entries.at(-1)?.index ?? 0;
  for (;;) {
    await store.append(batchOf(entriesOf(index + 1, 2, 1, 700)));
    index += 2;
    postMessage({ acknowledged: index });
    if (index % 100 !== 0) continue;
    const segment = segmentOf(index, 100_000);
    await store.saveSnapshot(manifestOf(index, 1, [segment]), [segment]);
    await store.compact(index - 50);
  }
}

/** Appends until the browser takes no more, and tells how far it came and what the error says. */
async function fill(storage: string): Promise<{ acknowledged: number; message: string }> {
  const store = openStore(storage);
  const { entries } = await store.open();
  let acknowledged = entries.at(-1)?.index ?? 0;
  let message = "it took everything";
  try {
    for (; acknowledged < FILL_ENTRIES_MAX; acknowledged += 100) {
      await store.append(batchOf(entriesOf(acknowledged + 1, 100, 1, 700)));
    }
  } catch (error) {
    message = `${error}`;
  }
  await store.close();
  return { acknowledged, message };
}

/** What a restarted browser finds, as text. */
async function recover(storage: string): Promise<string> {
  const store = openStore(storage);
  const { entries, snapshot, epoch } = await store.open();
  const [first] = entries;
  const expected = entriesOf(first.index, entries.length, 1, 700);
  const isIntact = JSON.stringify(entries) === JSON.stringify(expected);
  if (snapshot !== null) await snapshot.readSegment(snapshot.manifest.segments[0].id);
  await store.close();
  const covered = snapshot?.manifest.index ?? 0;
  return JSON.stringify({
    epoch,
    last: entries.at(-1)!.index,
    isIntact,
    hasGap: first.index > covered + 1,
  });
}

/** Opens the log and keeps it. */
async function hold(storage: string): Promise<string> {
  await openStore(storage).open();
  return "held";
}

type Request = { readonly list: true } | { readonly hold: string } | { readonly fill: string } | {
  readonly test: string;
} | {
  readonly write: string;
} | {
  readonly recover: string;
};

async function answer(request: Request): Promise<unknown> {
  if ("list" in request) return [...tests.keys()];
  if ("fill" in request) return await fill(request.fill);
  if ("hold" in request) return await hold(request.hold);
  if ("write" in request) return await write(request.write);
  if ("recover" in request) return await recover(request.recover);
  try {
    await tests.get(request.test)!();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.stack}` : String(error);
  }
}

onmessage = async ({ data }: MessageEvent<Request>) => {
  try {
    postMessage({ answer: await answer(data) });
  } catch (error) {
    postMessage({ answer: `failed: ${error}` });
  }
};
