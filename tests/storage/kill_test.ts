import { assert, assertEquals, assertRejects } from "@std/assert";
import { SeededPrng } from "../../src/base/prng.ts";
import { openDenoKvLogStore } from "../../src/storage/deno_kv/deno_kv_log_store.ts";
import { StorageLockedError } from "../../src/storage/errors.ts";
import { fileLogStore } from "../../src/storage/file/file_log_store.ts";
import type { LogStore } from "../../src/storage/log_store.ts";
import { bytesOf, entriesOf } from "./fixtures.ts";

const ROUNDS = 4;
const WRITER = new URL("endless_writer.ts", import.meta.url).pathname;

/** Runs the writer until it has acknowledged about `count` more entries, kills it, and answers them. */
async function writeAndKill(
  storage: string,
  path: string,
  count: number,
  whileAlive: () => Promise<void>,
): Promise<{ first: number; last: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-kv", WRITER, storage, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const acknowledged: number[] = [];
  let isChecked = false;
  let rest = "";
  // The pipe is read to its end, so that nothing acknowledged before the kill is overlooked.
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    acknowledged.push(...lines.map(Number));
    if (!isChecked && acknowledged.length > 0) {
      isChecked = true;
      await whileAlive();
    }
    if (acknowledged.length > count) killOnce(child);
  }
  await child.status;
  return { first: acknowledged[0], last: acknowledged.at(-1)! };
}

function killOnce(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

async function torture(
  storage: string,
  path: string,
  open: () => Promise<LogStore>,
): Promise<void> {
  const prng = new SeededPrng(path.length);
  for (let round = 1; round <= ROUNDS; round++) {
    const { first, last } = await writeAndKill(storage, path, prng.between(20, 300), async () => {
      await assertRejects(async () => await (await open()).open(), StorageLockedError);
    });
    assert(last > first);
    const store = await open();
    const { entries, snapshot, epoch } = await store.open();
    assertEquals(epoch, 2 * round);
    const from = entries[0].index;
    assert(entries.at(-1)!.index >= last, `acknowledged ${last}, found ${entries.at(-1)!.index}`);
    assert(from <= (snapshot?.manifest.index ?? 0) + 1);
    assertEquals(entries, entriesOf(from, entries.length, 1, 700));
    if (snapshot !== null) {
      const [{ id }] = snapshot.manifest.segments;
      assertEquals(await snapshot.readSegment(id), bytesOf(150_000, snapshot.manifest.index));
    }
    await store.close();
  }
}

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await run(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("fileLogStore() keeps what it acknowledged before a SIGKILL", () =>
  withDirectory(async (directory) => {
    const open = (): Promise<LogStore> =>
      Promise.resolve(fileLogStore(`${directory}/data`, { segmentBytes: 32 * 1024 }));
    await torture("file", `${directory}/data`, open);
  }));

Deno.test("openDenoKvLogStore() keeps what it acknowledged before a SIGKILL", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/data.kv`;
    await torture("deno_kv", path, () => openDenoKvLogStore(path));
  }));
