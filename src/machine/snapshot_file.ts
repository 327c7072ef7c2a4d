/** The format of snapshot files; `docs/snapshot_file.md` describes it for other readers. */
import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { ClusterId } from "../base/ids.ts";
import { SHA256_BYTES } from "../base/sha256.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import type { MachineSnapshot, SnapshotSegment } from "./machine_snapshot.ts";

/** "KVRMSNAP": a file that begins otherwise is no snapshot of Kvorum. */
const MAGIC = Uint8Array.of(0x4b, 0x56, 0x52, 0x4d, 0x53, 0x4e, 0x41, 0x50);
const VERSION = 1;
/** Why: etcdctl takes a snapshot for whole only if its length is a multiple of this and a digest. */
const PAGE_BYTES = 512;

/** Where a snapshot comes from. */
export interface SnapshotOrigin {
  readonly clusterId: ClusterId;
  /** The place in that cluster's log. */
  readonly index: number;
  readonly term: number;
}

/** What a snapshot file holds. */
export interface SnapshotFile extends SnapshotOrigin, MachineSnapshot {}

/** The bytes of a file in pieces, all but the SHA-256 digest that follows them. Nothing is copied. */
export function encodeSnapshotFile(file: SnapshotFile): Uint8Array[] {
  const writer = new ByteWriter(1_024 + file.header.length);
  writer.raw(MAGIC);
  writer.uint32(VERSION);
  writer.uint64(file.clusterId);
  writer.varint(file.index);
  writer.varint(file.term);
  writer.bytes(file.header);
  writer.varint(file.segments.length);
  for (const { id, byteLength } of file.segments) {
    writer.bytes(encodeUtf8(id));
    writer.varint(byteLength);
  }
  const parts = [writer.copy(), ...file.segments.map(({ bytes }) => bytes)];
  const byteLength = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(new Uint8Array((PAGE_BYTES - byteLength % PAGE_BYTES) % PAGE_BYTES));
  return parts;
}

/**
 * Reads a file, whose digest has been found right. The segments are views into it.
 *
 * @throws {MalformedBytesError} if it is no such file, or one of a newer program.
 */
export function decodeSnapshotFile(bytes: Uint8Array): SnapshotFile {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new MalformedBytesError("it does not begin like a snapshot of Kvorum");
  }
  const reader = new ByteReader(bytes, MAGIC.length, Math.max(0, bytes.length - SHA256_BYTES));
  const version = reader.uint32();
  if (version !== VERSION) {
    throw new MalformedBytesError(
      `its format has version ${version}, and this program knows version ${VERSION}`,
    );
  }
  const clusterId = reader.uint64();
  const index = reader.varint();
  const term = reader.varint();
  const header = reader.bytes();
  const sizes: { id: string; byteLength: number }[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    sizes.push({ id: decodeUtf8(reader.bytes()), byteLength: reader.varint() });
  }
  const segments: SnapshotSegment[] = sizes.map(({ id, byteLength }) => ({
    id,
    byteLength,
    bytes: reader.raw(byteLength),
  }));
  return { clusterId, index, term, header, segments };
}
