import { FileMedium } from "../file_log/file_medium.ts";
import { JournalLogStore } from "../journal/journal_log_store.ts";
import type { LogStore } from "../log_store.ts";
import { MemoryDisk } from "./memory_disk.ts";
import { MemoryMount } from "./memory_mount.ts";

/** Files of the journal are small in memory, where making one costs next to nothing. */
const SEGMENT_BYTES = 256 * 1024;

/** Choices for {@linkcode memoryLogStore}. */
export interface MemoryLogStoreOptions {
  /**
   * The size of a file of the journal.
   *
   * @default {262144}
   */
  readonly segmentBytes?: number;
}

/**
 * A log that lives as long as its {@linkcode MemoryDisk}: for tests, simulations, and replicas that
 * say that they forget. It is the file log, byte for byte, on a disk in memory.
 */
export function memoryLogStore(
  disk: MemoryDisk = new MemoryDisk(),
  options: MemoryLogStoreOptions = {},
): LogStore {
  return new JournalLogStore(
    new FileMedium(new MemoryMount(disk), options.segmentBytes ?? SEGMENT_BYTES),
  );
}
