import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { crc32 } from "../base/crc32.ts";
import { DamagedSnapshotError } from "../mvcc/segment.ts";

/** An immutable piece of the revision log. Equal names mean equal bytes on all replicas. */
export interface SnapshotSegment {
  readonly id: string;
  readonly byteLength: number;
  readonly bytes: Uint8Array;
}

/** The machine at one index of the log: a small header and the store's segments by reference. */
export interface MachineSnapshot {
  readonly header: Uint8Array;
  readonly segments: readonly SnapshotSegment[];
}

/** A part of the machine that writes itself into the header and reads itself from there. */
export interface SnapshotPart {
  snapshot(writer: ByteWriter): void;
  restore(reader: ByteReader): void;
}

const HEADER_VERSION = 2;
const CHECKSUM_BYTES = 4;
/** What a damaged header is called in errors, beside the store's own "header" and segments. */
const PART_NAME = "machine header";

/** A header's parts as they were read, the store's apart from the tables'. */
export interface OpenHeader {
  readonly store: Uint8Array;
  readonly tables: ByteReader;
}

/** The header: a version, the store's header after its length, all tables, and a CRC-32 of that. */
export function writeHeader(store: Uint8Array, tables: readonly SnapshotPart[]): Uint8Array {
  const writer = new ByteWriter(1_024);
  writer.byte(HEADER_VERSION);
  writer.bytes(store);
  for (const table of tables) table.snapshot(writer);
  writer.uint32(crc32(writer.view()));
  return writer.copy();
}

/**
 * Checks a header and finds its parts.
 *
 * @throws {DamagedSnapshotError} if it was cut off, changed, or written by a newer program.
 */
export function openHeader(header: Uint8Array): OpenHeader {
  return guarded(() => {
    const end = Math.max(0, header.length - CHECKSUM_BYTES);
    if (crc32(header, 0, 0, end) !== new ByteReader(header, end).uint32()) {
      throw new DamagedSnapshotError(PART_NAME, "wrong checksum");
    }
    const tables = new ByteReader(header, 0, end);
    const version = tables.byte();
    if (version !== HEADER_VERSION) {
      throw new DamagedSnapshotError(PART_NAME, `version ${version}, not ${HEADER_VERSION}`);
    }
    return { store: tables.bytes(), tables };
  });
}

/** Restores all tables, in the order in which they were written. */
export function restoreTables(reader: ByteReader, tables: readonly SnapshotPart[]): void {
  guarded(() => {
    for (const table of tables) table.restore(reader);
    if (reader.remaining > 0) {
      throw new DamagedSnapshotError(PART_NAME, `${reader.remaining} bytes too many`);
    }
  });
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    throw new DamagedSnapshotError(PART_NAME, error.message);
  }
}
