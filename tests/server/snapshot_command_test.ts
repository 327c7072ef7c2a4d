import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Machine } from "../../src/machine/machine.ts";
import { encodeSnapshotFile } from "../../src/machine/snapshot_file.ts";
import { CommandError } from "../../src/server/command_error.ts";
import { openStorage } from "../../src/server/open_storage.ts";
import { snapshotCommand } from "../../src/server/snapshot_command.ts";
import { applyAll, contents, putText } from "../machine/batches.ts";

async function writeSnapshot(path: string): Promise<void> {
  const machine = new Machine();
  applyAll(machine, putText("a", "1"), putText("a", "2"), putText("b", "3"));
  const parts = encodeSnapshotFile({ clusterId: 7n, index: 9, term: 2, ...machine.snapshot() });
  const content = await new Blob(parts as Uint8Array<ArrayBuffer>[]).bytes();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  await Deno.writeFile(path, Uint8Array.of(...content, ...digest));
}

/** What a replica would begin with that is started on a data directory. */
async function restoredMachine(dataDir: string): Promise<Machine> {
  const storage = await openStorage("file", dataDir);
  const { snapshot } = await storage.open();
  if (snapshot === null) throw new Error(`${dataDir} has no snapshot`);
  const { manifest, readSegment } = snapshot;
  const segments = await Promise.all(
    manifest.segments.map(async ({ id }) => ({ bytes: await readSegment(id) })),
  );
  const machine = new Machine();
  machine.restore(manifest.header, segments);
  await storage.close();
  return machine;
}

Deno.test("snapshotCommand() restores a copy, and passes over revisions when it is told to", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-restore-" });
  const file = `${dir}/copy.snap`;
  await writeSnapshot(file);
  const restore = (name: string, ...flags: string[]) => {
    const where = ["--data-dir", `${dir}/${name}`, "--storage", "file", ...flags];
    return snapshotCommand(["restore", file, ...where], new AbortController().signal);
  };

  await restore("plain");
  const plain = await restoredMachine(`${dir}/plain`);
  assertEquals([plain.store.revision, plain.store.compactRevision], [4, -1]);

  const said = await restore("bumped", "--bump-revision", "1000000000", "--mark-compacted");
  assertStringIncludes(said, "Restored revision 1000000004");
  const bumped = await restoredMachine(`${dir}/bumped`);
  assertEquals([bumped.store.revision, bumped.store.compactRevision], [1e9 + 4, 1e9 + 4]);
  assertEquals(contents(bumped), contents(plain));

  for (const flags of [["--bump-revision", "5"], ["--mark-compacted"]]) {
    await assertRejects(() => restore("wrong", ...flags), CommandError, "go together");
  }
  for (const bump of ["-1", "1.5", "1e300"]) {
    await assertRejects(
      () => restore("wrong", "--mark-compacted", `--bump-revision=${bump}`),
      CommandError,
      "--bump-revision",
    );
  }
  await Deno.remove(dir, { recursive: true });
});
