import { ByteReader, MalformedBytesError } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import { crc32 } from "../../base/crc32.ts";
import type { MemberId } from "../../base/ids.ts";
import type { Configuration } from "../../raft/configuration.ts";
import type { SnapshotManifest } from "../../raft/snapshot.ts";
import { StorageDamagedError, StorageVersionError } from "../errors.ts";
import { beginFrame, type Checksum, endFrame, frameBytes, readFrame } from "./frame.ts";

/** The version of everything that the journal and the objects beside it are made of. */
export const FORMAT_VERSION = 1;
/** The name of the object that says whose data this is and how often it has been opened. */
export const META = "meta";
/** The name of the object that describes the newest snapshot. */
export const MANIFEST = "manifest";

const SEGMENT_PREFIX = "segment-";
const utf8 = new TextEncoder();

/** The name of the object that holds a segment. */
export function segmentName(id: string): string {
  return SEGMENT_PREFIX + id;
}

/** Whether an object of this name holds a segment. */
export function isSegmentName(name: string): boolean {
  return name.startsWith(SEGMENT_PREFIX);
}

/** What the storage knows about itself. */
export interface Meta {
  readonly epoch: number;
  readonly identity: Uint8Array | null;
}

/**
 * An object as it is stored: one frame, with the name's checksum in the place of a predecessor's, so
 * that an object under a wrong name is noticed.
 */
export function encodeObject(
  name: string,
  writePayload: (writer: ByteWriter) => void,
  payloadCrc32: Checksum = crc32,
  capacityBytes?: number,
): Uint8Array {
  const writer = new ByteWriter(capacityBytes);
  beginFrame(writer);
  writePayload(writer);
  endFrame(writer, 0, crc32(utf8.encode(name)), payloadCrc32);
  return writer.view();
}

/** The payload of an object, verified. */
export function decodeObject(
  name: string,
  bytes: Uint8Array,
  place: string,
  payloadCrc32: Checksum = crc32,
): Uint8Array {
  const frame = readFrame(bytes, 0, payloadCrc32);
  if (frame === null || frame.sequence !== 0 || frame.previous !== crc32(utf8.encode(name))) {
    throw damaged(`${place}: the checksum of "${name}" is wrong`);
  }
  return frame.payload;
}

/** The stored form of a segment: a zero byte, as a frame must not be empty, then the content. */
export function encodeSegment(
  name: string,
  content: Uint8Array,
  payloadCrc32: Checksum,
): Uint8Array {
  const capacityBytes = frameBytes(content.length + 1);
  return encodeObject(
    name,
    (writer) => {
      writer.byte(0);
      writer.raw(content);
    },
    payloadCrc32,
    capacityBytes,
  );
}

/** Reads what {@linkcode encodeSegment} wrote. */
export function decodeSegment(
  name: string,
  bytes: Uint8Array,
  place: string,
  payloadCrc32: Checksum,
): Uint8Array {
  return decodeObject(name, bytes, place, payloadCrc32).subarray(1);
}

/** The error for bytes at `what` that are not what they were, with what to do about it. */
export function damaged(what: string, cause?: unknown): StorageDamagedError {
  return new StorageDamagedError(
    `Cannot use damaged data in ${what}. Move the data away and let this replica catch up from the ` +
      "others, or restore a backup",
    { cause },
  );
}

/** The error for data of another version than `FORMAT_VERSION`. */
export function unknownVersion(place: string, version: number): StorageVersionError {
  return new StorageVersionError(
    `Cannot read ${place}: it has format ${version} and this program knows format ` +
      `${FORMAT_VERSION}. Run the version of the program that wrote it, or a newer one`,
  );
}

/** The stored form of {@linkcode Meta}: varint version, varint epoch, 1 byte, then the identity. */
export function encodeMeta(meta: Meta): Uint8Array {
  return encodeObject(META, (writer) => {
    writer.varint(FORMAT_VERSION);
    writer.varint(meta.epoch);
    writer.byte(meta.identity === null ? 0 : 1);
    if (meta.identity !== null) writer.bytes(meta.identity);
  });
}

/** Reads what {@linkcode encodeMeta} wrote. */
export function decodeMeta(bytes: Uint8Array, place: string): Meta {
  const reader = new ByteReader(decodeObject(META, bytes, place));
  const version = reader.varint();
  if (version !== FORMAT_VERSION) throw unknownVersion(place, version);
  const epoch = reader.varint();
  return { epoch, identity: reader.byte() === 0 ? null : reader.bytes().slice() };
}

/** The stored form of a manifest. */
export function encodeManifest(manifest: SnapshotManifest): Uint8Array {
  return encodeObject(MANIFEST, (writer) => {
    writer.varint(manifest.index);
    writer.varint(manifest.term);
    writeConfiguration(writer, manifest.configuration);
    writer.bytes(manifest.header);
    writer.varint(manifest.segments.length);
    for (const segment of manifest.segments) {
      writer.bytes(utf8.encode(segment.id));
      writer.varint(segment.byteLength);
    }
  });
}

/** Reads what {@linkcode encodeManifest} wrote. */
export function decodeManifest(bytes: Uint8Array, place: string): SnapshotManifest {
  const reader = new ByteReader(decodeObject(MANIFEST, bytes, place));
  const index = reader.varint();
  const term = reader.varint();
  const configuration = readConfiguration(reader);
  const header = reader.bytes().slice();
  const text = new TextDecoder("utf-8", { fatal: true });
  const segments = Array.from({ length: countOf(reader) }, () => ({
    id: text.decode(reader.bytes()),
    byteLength: reader.varint(),
  }));
  return { index, term, configuration, header, segments };
}

function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  const { voters, outgoing, learners, learnersNext } = configuration;
  for (const members of [voters, outgoing, learners, learnersNext]) {
    writer.varint(members.length);
    for (const member of members) writer.uint64(member);
  }
  writer.byte(configuration.autoLeave ? 1 : 0);
}

function readConfiguration(reader: ByteReader): Configuration {
  const members = (): MemberId[] => Array.from({ length: countOf(reader) }, () => reader.uint64());
  return {
    voters: members(),
    outgoing: members(),
    learners: members(),
    learnersNext: members(),
    autoLeave: reader.byte() !== 0,
  };
}

/** A count that cannot claim more elements than there are bytes. */
function countOf(reader: ByteReader): number {
  const count = reader.varint();
  if (count > reader.remaining) {
    throw new MalformedBytesError(`Cannot read ${count} elements: ${reader.remaining} bytes left`);
  }
  return count;
}
