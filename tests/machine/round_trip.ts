import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";

/** A part of the machine that goes into its snapshot. */
export interface Kept {
  snapshot(writer: ByteWriter): void;
  restore(reader: ByteReader): void;
}

/** What `part` writes into a snapshot. */
export function snapshotOf(part: Kept): Uint8Array {
  const writer = new ByteWriter();
  part.snapshot(writer);
  return writer.copy();
}

/** Restores `copy` from `part`'s snapshot and gives it back. */
export function restoredFrom<T extends Kept>(part: T, copy: T): T {
  copy.restore(new ByteReader(snapshotOf(part)));
  return copy;
}
