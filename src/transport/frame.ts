import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import { crc32 } from "../base/crc32.ts";

/** The version of everything after the frame header. Peers of different versions refuse each other. */
export const PEER_PROTOCOL_VERSION = 1;

/** What a frame is. */
export const FrameKind = {
  /** The first frame in each direction: who speaks. */
  Hello: 1,
  /** Messages of the replica. */
  Messages: 2,
  /** Nothing to say, but alive. */
  Ping: 3,
} as const;

/**
 * The header: a CRC-32 of all that follows it (4 bytes, lowest first), the kind (1), the protocol
 * version (1). Invariant: this layout and the hello's are the same in all versions, so that replicas
 * of any two versions can tell each other why they part.
 */
export const FRAME_HEADER_BYTES = 6;

/** A CRC-32 (IEEE) of bytes. Where the runtime has a native one, it is many times faster. */
export type Checksum = (bytes: Uint8Array) => number;

/** Starts a frame in an empty writer. */
export function beginFrame(writer: ByteWriter, kind: number): void {
  writer.reset();
  writer.uint32(0);
  writer.byte(kind);
  writer.byte(PEER_PROTOCOL_VERSION);
}

/** Ends the frame: fills in the checksum. Returns a view that the writer's next use overwrites. */
export function endFrame(writer: ByteWriter, checksum: Checksum = crc32): Uint8Array {
  writer.patchUint32(0, checksum(writer.view().subarray(4)));
  return writer.view();
}

/** A frame whose checksum was right. */
export interface Frame {
  readonly kind: number;
  readonly version: number;
  /** Stands at the first byte after the header. */
  readonly body: ByteReader;
}

/** Checks the checksum and reads the header. */
export function openFrame(bytes: Uint8Array, checksum: Checksum = crc32): Frame {
  const body = new ByteReader(bytes);
  const sum = body.uint32();
  const kind = body.byte();
  const version = body.byte();
  if (checksum(bytes.subarray(4)) !== sum) {
    throw new MalformedBytesError("Cannot read the frame: its checksum does not match");
  }
  return { kind, version, body };
}

/** Throws unless everything was read. */
export function expectEnd(reader: ByteReader): void {
  if (reader.remaining !== 0) {
    throw new MalformedBytesError(`Cannot read the frame: ${reader.remaining} bytes too many`);
  }
}

/** A count of things of at least `bytesMin` bytes each, which must fit in what is left. */
export function readCount(reader: ByteReader, bytesMin: number, countMax: number): number {
  const count = reader.varint();
  if (count > countMax || count * bytesMin > reader.remaining) {
    throw new MalformedBytesError(
      `Cannot read ${count} items: too many for the bytes or the limit`,
    );
  }
  return count;
}

/** A byte of flags, of which only those in `mask` may be set. */
export function readFlags(reader: ByteReader, mask: number): number {
  const flags = reader.byte();
  if ((flags & ~mask) !== 0) throw new MalformedBytesError(`Cannot read the flags ${flags}`);
  return flags;
}
