/** The part of `storage_bench.ts` that runs in a worker of a browser. */
import { indexedDbLogStore } from "../../src/storage/indexeddb/indexeddb_log_store.ts";
import type { WorkerFileHandle } from "../../src/storage/opfs/sync_handle.ts";
import { opfsLogStore } from "../../src/storage/opfs/opfs_log_store.ts";
import { compare, frameOf, SHAPES, type Step, stepOfStore } from "./storage_rounds.ts";

const FILE_BYTES = 8 * 1_048_576;

/** A transaction with strict durability for each batch, with nothing around it. */
async function bareIndexedDb(name: string, frame: Uint8Array): Promise<Step> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore("bare");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let sequence = 0;
  return () =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction("bare", "readwrite", { durability: "strict" });
      transaction.objectStore("bare").put(frame, sequence++);
      transaction.oncomplete = resolve;
      transaction.onerror = reject;
    });
}

/** A write and a flush for each batch, in a file that has its full size. */
async function bareOpfs(name: string, frame: Uint8Array): Promise<Step> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle(name, { create: true }) as WorkerFileHandle;
  const file = await handle.createSyncAccessHandle();
  file.write(new Uint8Array(FILE_BYTES), { at: 0 });
  file.flush();
  let offset = 0;
  return () => {
    if (offset + frame.length > FILE_BYTES) offset = 0;
    file.write(frame, { at: offset });
    file.flush();
    offset += frame.length;
    return Promise.resolve();
  };
}

onmessage = async () => {
  const lines: string[] = [];
  for (const shape of SHAPES) {
    const frame = frameOf(shape);
    const idb = indexedDbLogStore(`ours ${shape.name}`);
    const bareIdb = await bareIndexedDb(`bare ${shape.name}`, frame);
    lines.push(await compare("indexeddb", shape, bareIdb, await stepOfStore(idb, shape)));
    await idb.close();
    const opfs = opfsLogStore(`ours ${shape.name}`);
    const bareFile = await bareOpfs(`bare ${shape.name}`, frame);
    lines.push(await compare("opfs", shape, bareFile, await stepOfStore(opfs, shape)));
    await opfs.close();
  }
  postMessage(lines);
};
