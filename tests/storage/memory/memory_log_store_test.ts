import { assertRejects } from "@std/assert";
import { StorageDamagedError } from "../../../src/storage/errors.ts";
import { MemoryDisk } from "../../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../../src/storage/memory/memory_log_store.ts";
import { manifestOf, segmentOf } from "../fixtures.ts";
import { logStoreSuite } from "../log_store_suite.ts";

for (const segmentBytes of [2048, 256 * 1024]) {
  logStoreSuite(`memory, ${segmentBytes} byte files`, {
    newPlace() {
      const disk = new MemoryDisk();
      return {
        store: () => memoryLogStore(disk, { segmentBytes }),
        kill: () => disk.crash(),
        failWrites() {
          disk.onOperation = ({ kind }) => {
            if (kind === "sync") throw new Error("Input/output error");
          };
        },
        remove: () => {},
      };
    },
  });
}

Deno.test("memoryLogStore() refuses a segment of another length than the manifest says", async () => {
  const disk = new MemoryDisk();
  const store = memoryLogStore(disk);
  await store.open();
  const segment = segmentOf(1, 100);
  await store.saveSnapshot(manifestOf(1, 1, [{ ...segment, byteLength: 101 }]), [segment]);
  await store.close();
  const again = memoryLogStore(disk);
  const { snapshot } = await again.open();
  await assertRejects(
    () => snapshot!.readSegment(segment.id),
    StorageDamagedError,
    `"segment-${segment.id}" has 100 bytes, not 101`,
  );
  await again.close();
});
