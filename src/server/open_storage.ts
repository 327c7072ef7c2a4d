import { openDenoKvLogStore } from "../storage/deno_kv/deno_kv_log_store.ts";
import { fileLogStore } from "../storage/file/file_log_store.ts";
import type { LogStore } from "../storage/log_store.ts";
import { memoryLogStore } from "../storage/memory/memory_log_store.ts";
import { CommandError } from "./command_error.ts";
import type { StorageKind } from "./serve_flags.ts";

/** Makes the data directory and the storage in it. @throws {CommandError} when that cannot be. */
export async function openStorage(kind: StorageKind, dataDir: string): Promise<LogStore> {
  if (kind === "memory") return memoryLogStore();
  try {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    await probe(dataDir);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `Cannot write to the data directory ${dataDir}: ${reason}; ` +
        `make it writable or choose another one`,
    );
  }
  return kind === "file"
    ? fileLogStore(`${dataDir}/log`)
    : await openDenoKvLogStore(`${dataDir}/replica.kv`);
}

/** Writes and removes a file, since permissions alone do not tell a read-only or full disk. */
async function probe(dataDir: string): Promise<void> {
  const path = `${dataDir}/.writable`;
  await Deno.writeFile(path, new Uint8Array(1));
  await Deno.remove(path);
}
