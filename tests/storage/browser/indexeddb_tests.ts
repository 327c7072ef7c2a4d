import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { del, get, promisifyRequest, set } from "idb-keyval";
import {
  StorageDamagedError,
  StorageFailedError,
  StorageVersionError,
} from "../../../src/storage/errors.ts";
import { indexedDbLogStore } from "../../../src/storage/indexeddb/indexeddb_log_store.ts";
import { StrictStore } from "../../../src/storage/indexeddb/strict_store.ts";
import { encodeObject, META } from "../../../src/storage/journal/object_record.ts";
import { requestPersistence } from "../../../src/storage/web/persistence.ts";
import { batchOf, entriesOf, hardStateOf, manifestOf, segmentOf } from "../fixtures.ts";
import type { Register } from "../log_store_suite.ts";

let databaseCount = 0;

/** A database with five batches and a snapshot at 2, closed; changed by `edit`. */
async function databaseWith(edit: (store: StrictStore) => Promise<unknown>): Promise<string> {
  const name = `edited-${databaseCount++}`;
  const log = indexedDbLogStore(name);
  await log.open();
  for (let i = 1; i <= 5; i++) await log.append(batchOf(entriesOf(i, 1), hardStateOf(1)));
  await log.saveSnapshot(manifestOf(2, 1, [segmentOf(1)]), [segmentOf(1)]);
  await log.close();
  const store = await StrictStore.open(name, name);
  await edit(store);
  store.close();
  return name;
}

async function flip(store: StrictStore, key: IDBValidKey, at: number): Promise<void> {
  const bytes: Uint8Array = (await get(key, store.use))!;
  bytes[at] ^= 4;
  await set(key, bytes, store.use);
}

/** What only IndexedDB can suffer, for the worker that runs the suite. */
export function registerIndexedDbTests(register: Register): void {
  register("indexedDbLogStore() refuses damaged records and objects", async () => {
    const damages: Array<[string, (store: StrictStore) => Promise<unknown>]> = [
      ["header", (store) => flip(store, 3, 5)],
      ["payload", (store) => flip(store, 3, 30)],
      ["last record", (store) => flip(store, 5, 30)],
      ["lost record", (store) => del(3, store.use)],
      ["not bytes", (store) => set(3, "text", store.use)],
      ["meta", (store) => flip(store, "meta", 26)],
      ["lost meta", (store) => del("meta", store.use)],
      ["manifest", (store) => flip(store, "manifest", 26)],
      ["lost segment", (store) => del("segment-s1-100", store.use)],
    ];
    for (const [what, damage] of damages) {
      const name = await databaseWith(damage);
      await assertRejects(() => indexedDbLogStore(name).open(), StorageDamagedError, name, what);
    }
  });

  register("indexedDbLogStore() refuses a newer format and leaves the data alone", async () => {
    const newer = encodeObject(META, (writer) => writer.varint(2)).slice();
    const name = await databaseWith((store) => set(META, newer, store.use));
    const refusal = "it has format 2 and this program knows format 1";
    await assertRejects(() => indexedDbLogStore(name).open(), StorageVersionError, refusal);
    const store = await StrictStore.open(name, name);
    assertEquals(await get(META, store.use), newer);
    store.close();
    const request = indexedDB.open(name, 2);
    (await promisifyRequest(request)).close();
    const error = await indexedDbLogStore(name).open().catch((reason) => reason);
    assertStringIncludes(error.message, "a newer version wrote it");
  });

  register("indexedDbLogStore() begins anew after its database was deleted", async () => {
    const name = await databaseWith(() => Promise.resolve());
    const store = indexedDbLogStore(name);
    await store.open();
    await promisifyRequest(indexedDB.deleteDatabase(name));
    const error = await store.append(batchOf(entriesOf(6, 1))).catch((reason) => reason);
    assertInstanceOf(error, StorageFailedError);
    assertStringIncludes(error.message, "it has been deleted");
    await store.close();
    const again = indexedDbLogStore(name);
    const recovered = await again.open();
    assertEquals([recovered.epoch, recovered.identity, recovered.entries.length], [1, null, 0]);
    await again.close();
  });

  register("indexedDbLogStore() writes one key a batch and drops them in one step", async () => {
    const name = await databaseWith(() => Promise.resolve());
    const log = indexedDbLogStore(name);
    await log.open();
    await log.append(batchOf(entriesOf(6, 100)));
    await log.saveSnapshot(manifestOf(105, 1, []), []);
    await log.compact(105);
    await log.close();
    const store = await StrictStore.open(name, name);
    const keys = await store.use("readonly", (objects) => promisifyRequest(objects.getAllKeys()));
    store.close();
    assertEquals(keys, [6, "manifest", "meta"]);
  });

  register("requestPersistence() only looks in a worker", async () => {
    assertEquals(await requestPersistence(), await navigator.storage.persisted());
  });

  register("StrictStore.use() opens transactions with strict durability", async () => {
    const store = await StrictStore.open(`strict-${databaseCount++}`, "strict");
    const durability = await store.use(
      "readwrite",
      (objects) => Promise.resolve(objects.transaction.durability),
    );
    assertEquals(durability, "strict");
    assert(typeof navigator.locks.request === "function");
    store.close();
  });
}
