import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { crc32 } from "../base/crc32.ts";
import type { ScrubState } from "./compaction.ts";
import { DamagedSnapshotError } from "./segment.ts";

/** A store as bytes. */
export interface Snapshot {
  /** Everything but the records. It names the segments in their order. */
  readonly header: Uint8Array;
  readonly segments: readonly SnapshotSegment[];
}

/** A part of the revision log. */
export interface SnapshotSegment {
  /** Names the content: first revision, length and two sums. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What a snapshot's header says. */
export interface Header {
  readonly revision: number;
  readonly compactRevision: number;
  readonly scrub: ScrubState | null;
  /** Whether the next record begins a segment of its own: the last one here is sealed. */
  readonly tailIsEmpty: boolean;
  readonly ids: readonly string[];
}

const HEADER_VERSION = 1;
const SCRUBS = 1;
const TAIL_IS_EMPTY = 2;
/** No honest id is longer. */
const ID_BYTES_MAX = 128;

/** Encodes a header: version, fields, and a checksum at the end. */
export function encodeHeader(header: Header): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(HEADER_VERSION);
  writer.varint(header.revision);
  // One more, because a store that was never compacted has -1.
  writer.varint(header.compactRevision + 1);
  writer.byte((header.scrub === null ? 0 : SCRUBS) | (header.tailIsEmpty ? TAIL_IS_EMPTY : 0));
  if (header.scrub !== null) {
    writer.varint(header.scrub.endMain);
    writer.varint(header.scrub.endSub);
    writer.varint(header.scrub.done);
  }
  writer.varint(header.ids.length);
  for (const id of header.ids) {
    writer.varint(id.length);
    for (let i = 0; i < id.length; i++) writer.byte(id.charCodeAt(i));
  }
  writer.uint32(crc32(writer.view()));
  return writer.copy();
}

/**
 * Decodes a header.
 *
 * @throws {DamagedSnapshotError} When it is not intact.
 */
export function decodeHeader(bytes: Uint8Array): Header {
  try {
    const end = Math.max(0, bytes.length - 4);
    if (new ByteReader(bytes, end).uint32() !== crc32(bytes, 0, 0, end)) {
      throw new DamagedSnapshotError("header", "wrong checksum");
    }
    return readHeader(new ByteReader(bytes, 0, end));
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    throw new DamagedSnapshotError("header", error.message);
  }
}

function readHeader(reader: ByteReader): Header {
  const version = reader.byte();
  if (version !== HEADER_VERSION) {
    throw new DamagedSnapshotError("header", `version ${version}, not ${HEADER_VERSION}`);
  }
  const revision = reader.varint();
  const compactRevision = reader.varint() - 1;
  const flags = reader.byte();
  const scrub = (flags & SCRUBS) !== 0
    ? { endMain: reader.varint(), endSub: reader.varint(), done: reader.varint() }
    : null;
  const ids: string[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    const id = reader.bytes();
    if (id.length > ID_BYTES_MAX) throw new DamagedSnapshotError("header", "a segment's name");
    ids.push(String.fromCharCode(...id));
  }
  return { revision, compactRevision, scrub, tailIsEmpty: (flags & TAIL_IS_EMPTY) !== 0, ids };
}
