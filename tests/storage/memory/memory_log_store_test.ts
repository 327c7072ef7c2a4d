import { MemoryDisk } from "../../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../../src/storage/memory/memory_log_store.ts";
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
