import { ByteWriter } from "../../base/byte_writer.ts";
import { crc32 } from "../../base/crc32.ts";
import type { ChainPoint } from "../journal/frame.ts";
import { damaged, FORMAT_VERSION, unknownVersion } from "../journal/object_record.ts";

/*
 * Every file begins with 32 bytes:
 *
 *   offset  bytes
 *        0      8  magic: "KVRMLOG" or "KVRMOBJ", then a zero
 *        8      4  version of the format
 *       12      4  zero
 *       16      8  log: sequence of the frame before the first one here; object: zero
 *       24      4  log: checksum of that frame; object: zero
 *       28      4  CRC-32 of the bytes 0 to 27
 *
 * A later version keeps the first 12 bytes as they are.
 */

/** Bytes in front of a file's first frame. */
export const FILE_HEADER_BYTES = 32;

/** What a file holds: frames of the journal, or one object. */
export type FileKind = "log" | "object";

const MAGIC: Record<FileKind, string> = { log: "KVRMLOG\0", object: "KVRMOBJ\0" };
const NOWHERE: ChainPoint = { sequence: 0, checksum: 0 };
const TWO_32 = 0x1_0000_0000;

/** The first bytes of a file whose first frame comes after `point`. */
export function encodeFileHeader(kind: FileKind, point: ChainPoint = NOWHERE): Uint8Array {
  const writer = new ByteWriter(FILE_HEADER_BYTES);
  for (const char of MAGIC[kind]) writer.byte(char.charCodeAt(0));
  writer.uint32(FORMAT_VERSION);
  writer.uint32(0);
  writer.uint32(point.sequence % TWO_32);
  writer.uint32(Math.floor(point.sequence / TWO_32));
  writer.uint32(point.checksum);
  writer.uint32(crc32(writer.view()));
  return writer.copy();
}

/** Checks the header of a file and answers after which frame its own begin. */
export function decodeFileHeader(kind: FileKind, bytes: Uint8Array, place: string): ChainPoint {
  if (bytes.length < FILE_HEADER_BYTES) throw damaged(`${place}: it is too short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, FILE_HEADER_BYTES);
  const magic = String.fromCharCode(...bytes.subarray(0, 8));
  if (magic !== MAGIC[kind]) throw damaged(`${place}: it does not begin as it should`);
  const version = view.getUint32(8, true);
  if (version !== FORMAT_VERSION) throw unknownVersion(place, version);
  if (crc32(bytes, 0, 0, 28) !== view.getUint32(28, true)) {
    throw damaged(`${place}: the checksum of its header is wrong`);
  }
  return {
    sequence: view.getUint32(16, true) + view.getUint32(20, true) * TWO_32,
    checksum: view.getUint32(24, true),
  };
}
