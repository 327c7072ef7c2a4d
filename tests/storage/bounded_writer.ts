/**
 * A process that opens a log, appends so many entries or as many as it can, and prints as JSON what it
 * found, what was acknowledged, and the error that ended it. Arguments: storage, path, entries.
 */
import { denoKvLogStore, openDenoKvLogStore } from "../../src/storage/deno_kv/deno_kv_log_store.ts";
import { fileLogStore } from "../../src/storage/file/file_log_store.ts";
import type { LogStore } from "../../src/storage/log_store.ts";
import { batchOf, entriesOf } from "./fixtures.ts";

/** What a run of this program came to. */
export interface BoundedRun {
  found: number;
  acknowledged: number;
  /** Name and message of the error, or null. */
  error: string | null;
}

/** The size of an entry. */
export const ENTRY_BYTES = 900;
const SEGMENT_BYTES = 32 * 1024;

async function makeStore(storage: string, path: string): Promise<LogStore> {
  if (storage === "file") return fileLogStore(path, { segmentBytes: SEGMENT_BYTES });
  // Without a lock, as where processes share no file system.
  if (storage === "deno_kv_unlocked") return denoKvLogStore(await Deno.openKv(path));
  return await openDenoKvLogStore(path);
}

async function main(storage: string, path: string, count: number): Promise<BoundedRun> {
  const run: BoundedRun = { found: 0, acknowledged: 0, error: null };
  try {
    const store = await makeStore(storage, path);
    run.found = (await store.open()).entries.length;
    while (run.acknowledged < count) {
      const index = run.found + run.acknowledged + 1;
      await store.append(batchOf(entriesOf(index, 1, 1, ENTRY_BYTES)));
      run.acknowledged++;
    }
    await store.close();
  } catch (error) {
    run.error = String(error);
  }
  return run;
}

if (import.meta.main) {
  const [storage, path, count] = Deno.args;
  const line = JSON.stringify(await main(storage, path, Number(count)));
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  Deno.exit(0);
}
