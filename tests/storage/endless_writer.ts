/**
 * A process that appends to a log until it is killed, and prints the index of each entry that has been
 * acknowledged. Arguments: the storage and its path.
 */
import { openDenoKvLogStore } from "../../src/storage/deno_kv/deno_kv_log_store.ts";
import { fileLogStore } from "../../src/storage/file/file_log_store.ts";
import type { LogStore } from "../../src/storage/log_store.ts";
import { batchOf, entriesOf, manifestOf, segmentOf } from "./fixtures.ts";

const [storage, path] = Deno.args;
const SNAPSHOT_EVERY = 50;

async function makeStore(): Promise<LogStore> {
  if (storage === "deno_kv") return await openDenoKvLogStore(path);
  return fileLogStore(path, { segmentBytes: 32 * 1024 });
}

const encoder = new TextEncoder();
const store = await makeStore();
const { entries, snapshot } = await store.open();
let index = entries.at(-1)?.index ?? snapshot?.manifest.index ?? 0;
let maintenance: Promise<void> = Promise.resolve();

async function maintain(through: number): Promise<void> {
  const segment = segmentOf(through, 150_000);
  await store.saveSnapshot(manifestOf(through, 1, [segment]), [segment]);
  await store.compact(through - 20);
}

Deno.stdout.writeSync(encoder.encode(`${index}\n`));
for (;;) {
  await store.append(batchOf(entriesOf(index + 1, 2, 1, 700)));
  index += 2;
  Deno.stdout.writeSync(encoder.encode(`${index}\n`));
  if (index % SNAPSHOT_EVERY === 0) {
    await maintenance;
    maintenance = maintain(index);
  }
}
