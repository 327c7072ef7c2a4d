/**
 * The bytes of a small log, kept in `tests/vectors/storage/`. A change of format shows here first: it
 * needs a new version and a way to read the old one. `deno run -A` on this file writes the vectors.
 */
import { assertEquals } from "@std/assert";
import type { HardState } from "../../../src/raft/hard_state.ts";
import { EntryKind } from "../../../src/raft/entry.ts";
import { MemoryDisk } from "../../../src/storage/memory/memory_disk.ts";
import { MemoryMount } from "../../../src/storage/memory/memory_mount.ts";
import { memoryLogStore } from "../../../src/storage/memory/memory_log_store.ts";
import { bytesOf, entriesFrom, manifestOf, segmentOf } from "../fixtures.ts";

const VECTORS = new URL("../../vectors/storage/file_log.json", import.meta.url);
const SEGMENT_BYTES = 256;
const HARD_STATE: HardState = { term: 3, vote: 0xfedc_ba98_7654_3210n, commit: 300 };
const SEGMENT = segmentOf(1, 24);

async function writeLog(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  await store.open();
  await store.saveIdentity(bytesOf(8));
  await store.append({
    hardState: { term: 1, vote: 1n, commit: 0 },
    entries: [
      { term: 1, index: 1, kind: EntryKind.Empty, data: new Uint8Array(0) },
      { term: 1, index: 2, kind: EntryKind.Configuration, data: bytesOf(5) },
      ...entriesFrom(3, [1, 1], 40),
    ],
  });
  await store.append({ hardState: null, entries: entriesFrom(4, [2, 3], 40) });
  await store.append({ hardState: HARD_STATE, entries: [] });
  await store.saveSnapshot(manifestOf(4, 2, [SEGMENT]), [SEGMENT]);
  await store.close();
  return disk;
}

function toHex(bytes: Uint8Array): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += 32) {
    rows.push(
      Array.from(bytes.subarray(at, at + 32), (byte) => byte.toString(16).padStart(2, "0")).join(
        "",
      ),
    );
  }
  return rows;
}

function fromHex(rows: readonly string[]): Uint8Array {
  return Uint8Array.from(rows.join("").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function contentsOf(disk: MemoryDisk): Record<string, string[]> {
  const names = disk.fileNames().filter((name) => !name.endsWith(".tmp"));
  return Object.fromEntries(names.map((name) => [name, toHex(disk.find(name)!.read())]));
}

async function readVectors(): Promise<Record<string, string[]>> {
  return JSON.parse(await Deno.readTextFile(VECTORS));
}

Deno.test("the file log writes the bytes of the golden vectors", async () => {
  assertEquals(contentsOf(await writeLog()), await readVectors());
});

Deno.test("the file log reads the golden vectors", async () => {
  const disk = new MemoryDisk();
  const mounted = new MemoryMount(disk);
  for (const [name, rows] of Object.entries(await readVectors())) {
    const file = await mounted.create(name);
    file.write(fromHex(rows), 0);
    await file.sync();
  }
  await mounted.syncDirectory();
  const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  const recovered = await store.open();
  assertEquals(recovered.epoch, 2);
  assertEquals(recovered.identity, bytesOf(8));
  assertEquals(recovered.hardState, HARD_STATE);
  assertEquals(recovered.snapshot?.manifest, manifestOf(4, 2, [SEGMENT]));
  assertEquals(await recovered.snapshot?.readSegment(SEGMENT.id), SEGMENT.bytes);
  assertEquals(recovered.entries, [
    { term: 1, index: 1, kind: EntryKind.Empty, data: new Uint8Array(0) },
    { term: 1, index: 2, kind: EntryKind.Configuration, data: bytesOf(5) },
    ...entriesFrom(3, [1, 2, 3], 40),
  ]);
  await store.close();
});

if (import.meta.main) {
  await Deno.writeTextFile(VECTORS, JSON.stringify(contentsOf(await writeLog()), null, 1) + "\n");
}
