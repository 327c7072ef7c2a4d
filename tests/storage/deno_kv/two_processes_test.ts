import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoKvLogStore } from "../../../src/storage/deno_kv/deno_kv_log_store.ts";
import type { LogStore, RecoveredLog } from "../../../src/storage/log_store.ts";
import { type BoundedRun, ENTRY_BYTES } from "../bounded_writer.ts";
import { batchOf, entriesOf } from "../fixtures.ts";

const WRITER = new URL("../bounded_writer.ts", import.meta.url).pathname;
const ROUNDS = 3;
const LOOK_EVERY_MS = 10;
const LOOKS_MAX = 6_000;

/** Starts a process that appends to the database without end. */
function startWriter(path: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-kv", WRITER, "deno_kv_unlocked", path, "1000000000"],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

async function delay(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

/** Waits until the database has a record with this sequence. (`watch` sees one process only.) */
async function recordAppears(kv: Deno.Kv, sequence: number): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    if ((await kv.get(["kvorum", "journal", sequence, 0])).value !== null) return;
    await delay();
  }
  throw new Error(`The other process has not written record ${sequence}`);
}

/** Opens the log as soon as no write of the other process is in the way. */
async function takeOver(path: string): Promise<[LogStore, RecoveredLog]> {
  for (let look = 0;; look++) {
    try {
      const store = denoKvLogStore(await Deno.openKv(path));
      return [store, await store.open()];
    } catch (error) {
      assert(look < LOOKS_MAX && /locked|is using/.test(String(error)), String(error));
      await delay();
    }
  }
}

Deno.test("denoKvLogStore() takes the data from another process, whose writes fail from then on", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/data.kv`;
    let durable = 0;
    for (let round = 0; round < ROUNDS; round++) {
      // Opened before the other begins: opening writes too, and would be in its way.
      const kv = await Deno.openKv(path);
      const output = startWriter(path).output();
      await recordAppears(kv, durable + 20);
      kv.close();
      const [store, { entries }] = await takeOver(path);
      const run: BoundedRun = JSON.parse(new TextDecoder().decode((await output).stdout));
      // SQLite lets one of two commits that meet fail; which of the two is a matter of time.
      assertMatch(run.error ?? "", /^StorageFailedError: .*another process (has opened|is using)/);
      assertEquals(run.found, durable);
      // What the other was told is all that there is, and nothing came after.
      assertEquals(entries, entriesOf(1, durable + run.acknowledged, 1, ENTRY_BYTES));
      await store.append(batchOf(entriesOf(entries.length + 1, 1, 1, ENTRY_BYTES)));
      durable = entries.length + 1;
      await store.close();
    }
    const [last, { entries }] = await takeOver(path);
    assertEquals(entries, entriesOf(1, durable, 1, ENTRY_BYTES));
    await last.close();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
