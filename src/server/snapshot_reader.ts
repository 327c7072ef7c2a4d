import { equalBytes } from "../base/bytes.ts";
import { formatId } from "../base/ids.ts";
import { SHA256_BYTES } from "../base/sha256.ts";
import { Machine } from "../machine/machine.ts";
import { decodeSnapshotFile, type SnapshotOrigin } from "../machine/snapshot_file.ts";
import { CommandError } from "./command_error.ts";

/** A snapshot file's content. */
export interface ReadSnapshot extends SnapshotOrigin {
  readonly machine: Machine;
  readonly byteLength: number;
}

/**
 * Reads a snapshot file and checks every byte of it.
 *
 * @throws {CommandError} naming the file when it cannot be read, is damaged, or is something else.
 */
export async function readSnapshotFile(path: string): Promise<ReadSnapshot> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new CommandError(`Cannot read the snapshot ${path}: ${textOf(error)}`);
  }
  const content = bytes.subarray(0, Math.max(0, bytes.length - SHA256_BYTES));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  if (!equalBytes(digest, bytes.subarray(content.length))) {
    throw new CommandError(
      `The snapshot ${path} is damaged: its bytes do not have the SHA-256 digest at its end; ` +
        `take another copy of it`,
    );
  }
  try {
    const { header, segments, ...origin } = decodeSnapshotFile(bytes);
    const machine = new Machine();
    machine.restore(header, segments);
    return { ...origin, machine, byteLength: bytes.length };
  } catch (error) {
    throw new CommandError(`Cannot use the snapshot ${path}: ${textOf(error)}`);
  }
}

/** What a snapshot file holds, as text. */
export function describeSnapshot(snapshot: ReadSnapshot): string {
  const { machine, clusterId, index, term, byteLength } = snapshot;
  const { store, leases, members } = machine;
  const hash = store.hashKv(0);
  const rows: [string, string | number][] = [
    ["revision", store.revision],
    ["keys", store.keyCount],
    ["leases", [...leases.list()].length],
    ["bytes", byteLength],
    ["hash", typeof hash === "string" ? hash : hash.hash.toString(16)],
    ["cluster", formatId(clusterId)],
    ["members", members.list().map(({ id, name }) => name || formatId(id)).join(", ")],
    ["log index", index],
    ["term", term],
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)} ${value}`).join("\n");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
