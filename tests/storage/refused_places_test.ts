import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { openDenoKvLogStore } from "../../src/storage/deno_kv/deno_kv_log_store.ts";
import { StorageError } from "../../src/storage/errors.ts";
import { fileLogStore } from "../../src/storage/file/file_log_store.ts";
import type { BoundedRun } from "./bounded_writer.ts";

const WRITER = new URL("bounded_writer.ts", import.meta.url).pathname;
const RUN = `"${Deno.execPath()}" run -A --unstable-kv --no-check "${WRITER}"`;
const ENTRIES = 20;

/** Runs a shell command line under other rights, and answers what the writers in it said. */
async function shell(rights: readonly string[], line: string): Promise<BoundedRun[]> {
  const [command, ...args] = [...rights, "sh", "-ec", line];
  const { stdout, stderr, success } = await new Deno.Command(command, { args }).output();
  assert(success, new TextDecoder().decode(stderr));
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

async function isAllowed(rights: readonly string[], line: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const [command, ...args] = [...rights, "sh", "-c", line];
  try {
    return (await new Deno.Command(command, { args, stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** In name spaces of its own a process may mount file systems that nobody else sees. */
const OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"];
const canMount = await isAllowed(OWN_MOUNTS, "mount -t tmpfs tmpfs /tmp");
/** Root may write everywhere; without its name space's powers it is a user like others. */
const WITHOUT_POWERS = Deno.build.os !== "windows" && Deno.uid() === 0 ? ["unshare", "--user"] : [];
const canLosePowers = await isAllowed([...WITHOUT_POWERS, "env"], "true");

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.chmod(directory, 0o700);
    await Deno.remove(directory, { recursive: true });
  }
}

/** All files below a directory, by path, as text that can be compared. */
async function contentsOf(directory: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) Object.assign(contents, await contentsOf(path));
    else contents[path] = (await Deno.readFile(path)).toBase64();
  }
  return contents;
}

async function chmodAll(directory: string, fileMode: number, directoryMode: number): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    await Deno.chmod(`${directory}/${name}`, fileMode);
  }
  await Deno.chmod(directory, directoryMode);
}

function assertOneLine(error: string | null, pattern: RegExp): void {
  assertMatch(error ?? "no error", pattern);
  assertEquals(error?.includes("\n"), false);
}

for (const storage of ["file", "deno_kv"]) {
  const dataOf = (directory: string) => storage === "file" ? directory : `${directory}/data.kv`;

  Deno.test(`${storage}: a full disk ends in a clear state, and nothing acknowledged is lost`, {
    ignore: !canMount,
  }, () =>
    withDirectory(async (directory) => {
      const writer = `${RUN} ${storage} "${dataOf(directory)}"`;
      const [full, roomy] = await shell(
        OWN_MOUNTS,
        `mount -t tmpfs -o size=3m tmpfs "${directory}"; ${writer} 1000000
        mount -o remount,size=64m "${directory}"; ${writer} ${ENTRIES}`,
      );
      assertOneLine(full.error, /^StorageFailedError: .*the disk is full\. Make room/);
      assert(full.acknowledged > 100, `${full.acknowledged} entries fit`);
      assertEquals([roomy.error, roomy.acknowledged], [null, ENTRIES]);
      // The entry whose write failed may be there or not: nobody was told.
      const extra = roomy.found - full.acknowledged;
      assert(extra === 0 || extra === 1, `${roomy.found} of ${full.acknowledged} were found`);
    }));

  Deno.test(`${storage}: a read-only file system is named, and old data left alone`, {
    ignore: !canMount,
  }, () =>
    withDirectory(async (directory) => {
      const writer = `${RUN} ${storage} "${dataOf(directory)}" ${ENTRIES}`;
      await shell([], writer);
      const before = await contentsOf(directory);
      const [refused] = await shell(
        OWN_MOUNTS,
        `mount --bind "${directory}" "${directory}"
        mount -o remount,bind,ro "${directory}"; ${writer}`,
      );
      assertOneLine(refused.error, /^StorageError: Cannot use .*the file system is read-only\. /);
      assertEquals(await contentsOf(directory), before);
      const [again] = await shell([], writer);
      assertEquals([again.error, again.found], [null, ENTRIES]);
    }));

  Deno.test(`${storage}: denied permission is named, and old data left alone`, {
    ignore: !canLosePowers,
  }, () =>
    withDirectory(async (directory) => {
      const writer = `${RUN} ${storage} "${dataOf(directory)}" ${ENTRIES}`;
      await shell([], writer);
      const before = await contentsOf(directory);
      await chmodAll(directory, 0o400, 0o500);
      const [refused] = await shell(WITHOUT_POWERS, writer);
      assertOneLine(refused.error, /^StorageError: Cannot use .*permission denied\. Give this/);
      assertEquals(await contentsOf(directory), before);
      await chmodAll(directory, 0o600, 0o700);
      const [again] = await shell([], writer);
      assertEquals([again.error, again.found], [null, ENTRIES]);
    }));
}

Deno.test("a file where a directory should be is named and left alone", () =>
  withDirectory(async (directory) => {
    const file = `${directory}/file`;
    await Deno.writeTextFile(file, "text");
    for (const path of [file, `${file}/data`]) {
      await assertRejects(() => fileLogStore(path).open(), StorageError, "there is a file where");
    }
    await assertRejects(() => openDenoKvLogStore(`${file}/data.kv`), StorageError, "there is a");
    assertEquals(await Deno.readTextFile(file), "text");
  }));

Deno.test("deno_kv: a database that may only be read is named and left alone", {
  ignore: !canLosePowers,
}, () =>
  withDirectory(async (directory) => {
    const path = `${directory}/data.kv`;
    const writer = `${RUN} deno_kv "${path}" ${ENTRIES}`;
    await shell([], writer);
    const before = (await contentsOf(directory))[path];
    await Deno.chmod(path, 0o400);
    const [refused] = await shell(WITHOUT_POWERS, writer);
    assertOneLine(refused.error, /^Storage\w*Error: Cannot .*it is read-only\. Make it writable/);
    assertEquals((await contentsOf(directory))[path], before);
    await Deno.chmod(path, 0o600);
    const [again] = await shell([], writer);
    assertEquals([again.error, again.found], [null, ENTRIES]);
  }));
