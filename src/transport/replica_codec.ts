import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import type { Message } from "../raft/message.ts";
import type { SegmentRef, SnapshotManifest } from "../raft/snapshot.ts";
import { readCount, readFlags } from "./frame.ts";
import type { PeerMessage } from "./peer_message.ts";
import { configurationBytesMax, readSnapshotMeta, writeSnapshotMeta } from "./raft_codec.ts";

/** What replicas say to each other outside Raft. */
export type ReplicaMessage = Exclude<PeerMessage, Message>;

/** The first byte of each of these messages. Numbers are never given twice, nor shared with Raft's. */
export const ReplicaTag = {
  forward: 32,
  manifestRequest: 33,
  manifestAnswer: 34,
  chunkRequest: 35,
  chunkAnswer: 36,
  call: 37,
  callAnswer: 38,
  leaseClock: 39,
} as const satisfies Record<ReplicaMessage["type"], number>;

/** A bound of what a message's numbers, flags and lengths take. */
const FIXED_BYTES_MAX = 56;
/** The fewest bytes of a segment's reference: the length of its name, its size. */
const SEGMENT_REF_BYTES_MIN = 2;
/** Segments of one snapshot: with a mebibyte each this is far over every quota. */
const SEGMENTS_MAX = 1_048_576;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A bound of the bytes that a message takes in a frame. A character takes at most three. */
export function replicaMessageBytesMax(message: ReplicaMessage): number {
  switch (message.type) {
    case "forward":
      return FIXED_BYTES_MAX + message.batch.length;
    case "manifestAnswer":
      return FIXED_BYTES_MAX + (message.manifest ? manifestBytesMax(message.manifest) : 0);
    case "chunkRequest":
      return FIXED_BYTES_MAX + 3 * message.segmentId.length;
    case "chunkAnswer":
      return FIXED_BYTES_MAX + 3 * message.segmentId.length + (message.bytes?.length ?? 0);
    case "call":
      return FIXED_BYTES_MAX + 3 * message.method.length + message.body.length;
    case "callAnswer":
      return FIXED_BYTES_MAX + 3 * (message.error?.length ?? 0) + message.body.length;
    case "manifestRequest":
    case "leaseClock":
      return FIXED_BYTES_MAX;
  }
}

function manifestBytesMax(manifest: SnapshotManifest): number {
  let bytes = configurationBytesMax(manifest.configuration) + manifest.header.length;
  for (const segment of manifest.segments) bytes += 16 + 3 * segment.id.length;
  return bytes;
}

/** Writes one message. */
export function writeReplicaMessage(writer: ByteWriter, message: ReplicaMessage): void {
  writer.byte(ReplicaTag[message.type]);
  switch (message.type) {
    case "forward":
      return writer.bytes(message.batch);
    case "manifestRequest":
      return writer.varint(message.index);
    case "manifestAnswer":
      writer.varint(message.index);
      writer.byte(message.manifest ? 1 : 0);
      return message.manifest ? writeManifest(writer, message.manifest) : undefined;
    case "chunkRequest":
      writer.varint(message.index);
      writeText(writer, message.segmentId);
      return writer.varint(message.offset);
    case "chunkAnswer":
      writer.varint(message.index);
      writeText(writer, message.segmentId);
      writer.varint(message.offset);
      writer.byte(message.bytes ? 1 : 0);
      return message.bytes ? writer.bytes(message.bytes) : undefined;
    case "call":
      writer.varint(message.id);
      writeText(writer, message.method);
      return writer.bytes(message.body);
    case "callAnswer":
      writer.varint(message.id);
      writer.byte(message.error === null ? 0 : 1);
      if (message.error !== null) writeText(writer, message.error);
      return writer.bytes(message.body);
    case "leaseClock":
      writer.varint(message.term);
      return writer.varint(message.readingMs);
  }
}

function writeManifest(writer: ByteWriter, manifest: SnapshotManifest): void {
  writeSnapshotMeta(writer, manifest);
  writer.bytes(manifest.header);
  writer.varint(manifest.segments.length);
  for (const segment of manifest.segments) {
    writeText(writer, segment.id);
    writer.varint(segment.byteLength);
  }
}

function writeText(writer: ByteWriter, text: string): void {
  writer.bytes(encoder.encode(text));
}

/** Reads the rest of one message after its tag. Byte fields are views into what is read. */
export function readReplicaMessage(reader: ByteReader, tag: number): ReplicaMessage {
  switch (tag) {
    case ReplicaTag.forward:
      return { type: "forward", batch: reader.bytes() };
    case ReplicaTag.manifestRequest:
      return { type: "manifestRequest", index: reader.varint() };
    case ReplicaTag.manifestAnswer: {
      const index = reader.varint();
      const manifest = readFlags(reader, 1) ? readManifest(reader) : null;
      return { type: "manifestAnswer", index, manifest };
    }
    case ReplicaTag.chunkRequest: {
      const [index, segmentId, offset] = [reader.varint(), readText(reader), reader.varint()];
      return { type: "chunkRequest", index, segmentId, offset };
    }
    case ReplicaTag.chunkAnswer: {
      const [index, segmentId, offset] = [reader.varint(), readText(reader), reader.varint()];
      const bytes = readFlags(reader, 1) ? reader.bytes() : null;
      return { type: "chunkAnswer", index, segmentId, offset, bytes };
    }
    case ReplicaTag.call: {
      const [id, method, body] = [reader.varint(), readText(reader), reader.bytes()];
      return { type: "call", id, method, body };
    }
    case ReplicaTag.callAnswer: {
      const id = reader.varint();
      const error = readFlags(reader, 1) ? readText(reader) : null;
      return { type: "callAnswer", id, error, body: reader.bytes() };
    }
    case ReplicaTag.leaseClock:
      return { type: "leaseClock", term: reader.varint(), readingMs: reader.varint() };
    default:
      throw new MalformedBytesError(`Cannot read a message with the tag ${tag}`);
  }
}

function readManifest(reader: ByteReader): SnapshotManifest {
  const { index, term, configuration } = readSnapshotMeta(reader);
  const header = reader.bytes();
  const segments: SegmentRef[] = [];
  for (let n = readCount(reader, SEGMENT_REF_BYTES_MIN, SEGMENTS_MAX); n > 0; n--) {
    segments.push({ id: readText(reader), byteLength: reader.varint() });
  }
  return { index, term, configuration, header, segments };
}

function readText(reader: ByteReader): string {
  const bytes = reader.bytes();
  try {
    return decoder.decode(bytes);
  } catch {
    throw new MalformedBytesError("Cannot read a text: it is not UTF-8");
  }
}
