import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  fail,
} from "@std/assert";
import {
  StorageDamagedError,
  StorageError,
  StorageVersionError,
} from "../../../src/storage/errors.ts";
import { FILE_HEADER_BYTES } from "../../../src/storage/file_log/file_header.ts";
import { SeededPrng } from "../../../src/base/prng.ts";
import type { RecoveredLog } from "../../../src/storage/log_store.ts";
import { MemoryDisk } from "../../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../../src/storage/memory/memory_log_store.ts";
import { batchOf, bytesOf, entriesOf, hardStateOf, manifestOf, segmentOf } from "../fixtures.ts";

const SEGMENT_BYTES = 4096;
const LOG = "log-000000000001";

/** Where frames of the log begin, and where the last one ends. */
function frameOffsets(disk: MemoryDisk, name = LOG): number[] {
  const bytes = disk.find(name)!.read();
  const view = new DataView(bytes.buffer);
  const offsets = [FILE_HEADER_BYTES];
  for (let at = FILE_HEADER_BYTES; at + 4 <= bytes.length && view.getUint32(at, true) !== 0;) {
    at += Math.ceil((24 + view.getUint32(at, true) + 1) / 8) * 8;
    offsets.push(at);
  }
  return offsets;
}

/** A disk with `batches` batches of one entry each, closed. */
async function diskWith(batches: number, entryBytes = 20, term = 1): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  await store.open();
  for (let i = 1; i <= batches; i++) {
    await store.append(batchOf(entriesOf(i, 1, term, entryBytes), hardStateOf(1, 5n, i - 1)));
  }
  await store.close();
  return disk;
}

async function recover(disk: MemoryDisk): Promise<RecoveredLog> {
  const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  const recovered = await store.open();
  // The log must be fit for use after whatever happened to it.
  const next = (recovered.entries.at(-1)?.index ?? 0) + 1;
  await store.append(batchOf(entriesOf(next, 1, 7)));
  disk.crash();
  const again = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  const { entries, notes } = await again.open();
  assertEquals(entries, [...recovered.entries, ...entriesOf(next, 1, 7)]);
  assertEquals(notes, []);
  await again.close();
  return recovered;
}

async function refusal(disk: MemoryDisk): Promise<Error> {
  const before = new Map(disk.fileNames().map((name) => [name, disk.find(name)!.read()]));
  const error = await memoryLogStore(disk).open().then(() => null, (reason) => reason);
  assertInstanceOf(error, StorageError);
  for (const [name, bytes] of before) assertEquals(disk.find(name)!.read(), bytes);
  assertEquals(disk.fileNames(), [...before.keys()]);
  return error;
}

Deno.test("the file log loses a batch whose write was cut short at any byte, and no other", async () => {
  const whole = await diskWith(6);
  const offsets = frameOffsets(whole);
  for (let cut = offsets[3]; cut <= offsets[6]; cut++) {
    const kept = offsets.findLastIndex((offset) => offset <= cut);
    for (const isShorter of [true, false]) {
      const disk = whole.clone();
      disk.damage(LOG, (bytes) => isShorter ? bytes.slice(0, cut) : bytes.fill(0, cut));
      // Zeros at a frame's end belong to its padding: such a frame is whole.
      const isPadding = kept < 6 && whole.find(LOG)!.read().subarray(cut, offsets[kept + 1])
        .every((byte) => byte === 0);
      const recovered = await recover(disk);
      const count = isPadding ? kept + 1 : kept;
      assertEquals(recovered.entries, entriesOf(1, count), `cut at ${cut}`);
      assertEquals(recovered.notes.length, count === kept && cut > offsets[kept] ? 1 : 0);
    }
  }
});

Deno.test("the file log loses nothing to any flipped bit, or refuses", async () => {
  const disk = new MemoryDisk();
  const store = memoryLogStore(disk, { segmentBytes: 512 });
  await store.open();
  await store.saveIdentity(bytesOf(10));
  for (let i = 1; i <= 4; i++) await store.append(batchOf(entriesOf(i, 1), hardStateOf(1)));
  await store.saveSnapshot(manifestOf(2, 1, [segmentOf(1, 20)]), [segmentOf(1, 20)]);
  await store.close();
  let refused = 0;
  for (const name of disk.fileNames()) {
    const bytes = disk.find(name)!.read();
    const contentBits = 8 * bytes.findLastIndex((byte) => byte !== 0) + 80;
    // Each bit of what has been written, and some of the zeros behind it.
    for (let bit = 0; bit < bytes.length * 8; bit += bit < contentBits ? 1 : 61) {
      const copy = disk.clone();
      copy.damage(name, (bytes) => {
        bytes[bit >>> 3] ^= 1 << (bit & 7);
        return bytes;
      });
      const again = memoryLogStore(copy, { segmentBytes: 512 });
      const outcome: RecoveredLog | Error = await again.open().catch((error) => error);
      if (outcome instanceof Error) {
        const isKnown = outcome instanceof StorageDamagedError ||
          outcome instanceof StorageVersionError;
        assert(isKnown, `${name}, bit ${bit}: ${outcome.stack}`);
        assertStringIncludes(outcome.message, "memory");
        refused++;
        continue;
      }
      const { identity, entries, hardState, snapshot } = outcome;
      assertEquals(entries, entriesOf(1, 4), `${name}, bit ${bit}`);
      assertEquals([identity, hardState], [bytesOf(10), hardStateOf(1)]);
      const segment = await snapshot!.readSegment("s1-20").catch((error) => error);
      if (segment instanceof Error) assertInstanceOf(segment, StorageError);
      else assertEquals(segment, bytesOf(20, 1));
      await again.close();
    }
  }
  assert(refused > 2000, `only ${refused} flips were refused`);
});

Deno.test("the file log names file and offset of damage, and leaves everything as it was", async () => {
  const whole = await diskWith(6);
  const offsets = frameOffsets(whole);
  const foreign = (await diskWith(6, 20, 2)).find(LOG)!.read();
  const damages: Array<[string, (bytes: Uint8Array) => void]> = [
    ["flipped payload", (bytes) => bytes[offsets[2] + 30] ^= 1],
    ["flipped header", (bytes) => bytes[offsets[2] + 1] ^= 1],
    ["zeros in the middle", (bytes) => bytes.fill(0, offsets[2], offsets[3])],
    ["zeros in the middle of a record", (bytes) => bytes.fill(0, offsets[2] + 40, offsets[3])],
    ["zeros at a record's beginning", (bytes) => bytes.fill(0, offsets[2], offsets[2] + 30)],
    ["a record twice", (bytes) => bytes.copyWithin(offsets[2], offsets[1], offsets[2])],
    ["a record left out", (bytes) => bytes.copyWithin(offsets[2], offsets[3])],
    [
      "a record of another log",
      (bytes) => bytes.set(foreign.subarray(offsets[2], offsets[3]), offsets[2]),
    ],
  ];
  for (const [what, damage] of damages) {
    const disk = whole.clone();
    disk.damage(LOG, (bytes) => {
      damage(bytes);
      return bytes;
    });
    const error = await refusal(disk);
    assertInstanceOf(error, StorageDamagedError, what);
    assertStringIncludes(error.message, `memory/${LOG} at offset ${offsets[2]}: record 3`, what);
    assertStringIncludes(error.message, "Move the data away", what);
  }
});

Deno.test("the file log refuses damage in the last record when nothing of it is missing", async () => {
  const disk = await diskWith(3);
  disk.damage(LOG, (bytes) => {
    bytes[frameOffsets(disk)[2] + 30] ^= 0x10;
    return bytes;
  });
  assertInstanceOf(await refusal(disk), StorageDamagedError);
});

Deno.test("the file log cuts off a last record of which sectors are missing", async () => {
  const whole = await diskWith(2, 1400);
  const [, begin, end] = frameOffsets(whole);
  const sectors: Array<[number, number]> = [];
  for (let at = begin; at < end;) {
    const next = Math.min(end, (Math.floor(at / 512) + 1) * 512);
    sectors.push([at, next]);
    at = next;
  }
  for (let missing = 1; missing < 1 << sectors.length; missing++) {
    const disk = whole.clone();
    disk.damage(LOG, (bytes) => {
      sectors.forEach(([from, to], i) => missing & (1 << i) && bytes.fill(0, from, to));
      return bytes;
    });
    const { entries } = await recover(disk);
    assertEquals(entries, entriesOf(1, 1, 1, 1400), `missing sectors ${missing.toString(2)}`);
  }
});

Deno.test("the file log clears away an unfinished write before it writes in its place", async () => {
  const torn = await diskWith(2, 3000);
  const [, begin, end] = frameOffsets(torn);
  torn.damage(LOG, (bytes) => bytes.fill(0, begin + 512, begin + 1024));
  for (let seed = 0; seed < 40; seed++) {
    const disk = torn.clone();
    const store = memoryLogStore(disk, { segmentBytes: 2 * end });
    await store.open();
    disk.onOperation = ({ kind }) => {
      if (kind === "sync") throw new Error("the power is gone");
    };
    await assertRejects(() => store.append(batchOf(entriesOf(2, 1, 9, 3000))), StorageError);
    disk.onOperation = null;
    disk.crash(new SeededPrng(seed));
    const { entries } = await recover(disk);
    assertEquals(entries[0], entriesOf(1, 1, 1, 3000)[0]);
  }
});

Deno.test("the file log clears away an unfinished write also when that is cut short", async () => {
  const whole = await diskWith(2, 600);
  const [, begin, end] = frameOffsets(whole);
  const sector = Math.ceil(begin / 512) * 512;
  const tears: Array<[from: number, to: number]> = [[end - 8, end], [sector, sector + 512]];
  for (const [tornFrom, tornTo] of tears) {
    for (const [from, to] of [[begin + 24, end], [begin, begin + 24]]) {
      for (let cut = from; cut <= to; cut++) {
        const disk = whole.clone();
        disk.damage(LOG, (bytes) => {
          bytes.fill(0, tornFrom, tornTo);
          // The header is cleared after all that is behind it.
          if (from === begin) bytes.fill(0, begin + 24, end);
          return bytes.fill(0, from, cut);
        });
        const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
        assertEquals((await store.open()).entries, entriesOf(1, 1, 1, 600), `cut at ${cut}`);
        await store.close();
      }
    }
  }
});

Deno.test("LogStore.compact() keeps the hard state while a newer one is being written", async () => {
  const disk = new MemoryDisk();
  const store = memoryLogStore(disk, { segmentBytes: 64 });
  await store.open();
  await store.append(batchOf(entriesOf(1, 1), hardStateOf(3, 5n, 1)));
  await store.saveSnapshot(manifestOf(1, 1, []), []);
  const { promise: power, reject: losePower } = Promise.withResolvers<void>();
  disk.onOperation = ({ kind, name }) => {
    if (kind === "sync" && name === "log-000000000002") return power;
  };
  const appending = store.append(batchOf([], hardStateOf(4, 6n, 1)));
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  await store.compact(1);
  losePower(new Error("the power is gone"));
  await assertRejects(() => appending, StorageError);
  disk.onOperation = null;
  disk.crash();
  assertEquals((await recover(disk)).hardState, hardStateOf(3, 5n, 1));
});

Deno.test("the file log refuses when a file is missing", async () => {
  const whole = await diskWith(12, 1000);
  const names = whole.fileNames().filter((name) => name.startsWith("log-"));
  assert(names.length >= 4);
  for (const name of [names[0], names[1], "meta.obj"]) {
    const disk = whole.clone();
    disk.lose(name);
    assertInstanceOf(await refusal(disk), StorageDamagedError, name);
  }
  const disk = whole.clone();
  for (const name of names) disk.lose(name);
  assertStringIncludes((await refusal(disk)).message, "the log files are missing");
});

Deno.test("the file log refuses a file of a newer format and says what to do", async () => {
  for (const name of [LOG, "meta.obj"]) {
    const disk = await diskWith(2);
    disk.damage(name, (bytes) => {
      bytes[8] = 2;
      return bytes;
    });
    const error = await refusal(disk);
    assertInstanceOf(error, StorageVersionError);
    assertStringIncludes(error.message, `memory/${name}: it has format 2`);
  }
});

Deno.test("the file log stops at a full disk and has what it acknowledged", async () => {
  const disk = new MemoryDisk();
  disk.capacityBytes = 20_000;
  const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  await store.open();
  let acknowledged = 0;
  await assertRejects(
    async () => {
      for (;; acknowledged++) await store.append(batchOf(entriesOf(acknowledged + 1, 1, 1, 500)));
    },
    StorageError,
    "the disk is full",
  );
  await store.close();
  disk.capacityBytes = 40_000;
  assert(acknowledged > 10);
  assertEquals((await recover(disk)).entries, entriesOf(1, acknowledged, 1, 500));
});

Deno.test("the file log does nothing more once close() has resolved", async () => {
  const disk = new MemoryDisk();
  const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
  await store.open();
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.onOperation = ({ kind, name }) => {
    if (kind === "sync" && name === "log.tmp") return promise;
  };
  await store.append(batchOf(entriesOf(1, 1, 1, 3000)));
  const closing = store.close().then(() => {
    disk.onOperation = ({ kind, name }) => fail(`${kind} of ${name} after close()`);
  });
  resolve();
  await closing;
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
});

Deno.test("the file log makes what it recovers durable before it relies on it", async () => {
  // At each step of a short life the process dies and nothing else; the next one recovers what is in
  // the system's memory, and then the power fails.
  for (let steps = 0; steps < 60; steps++) {
    const disk = await diskWith(2);
    let left = steps;
    const error = new StorageError("dead");
    disk.onOperation = ({ kind }) => {
      if (kind !== "read" && kind !== "open" && left-- <= 0) throw error;
    };
    const dying = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
    await (async () => {
      const { entries } = await dying.open();
      const first = entries.length + 1;
      for (let i = first; i < first + 8; i++) await dying.append(batchOf(entriesOf(i, 1, 1, 600)));
      await dying.saveSnapshot(manifestOf(first, 1, []), []);
    })().catch((reason) => assertInstanceOf(reason, StorageError));
    disk.onOperation = null;
    disk.kill();
    const survivor = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
    const { entries, snapshot, epoch } = await survivor.open();
    disk.crash();
    const again = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
    const found = await again.open();
    assertEquals(found.entries, entries);
    assertEquals(found.snapshot?.manifest, snapshot?.manifest);
    assertEquals(found.epoch, epoch + 1);
    await again.close();
  }
});
