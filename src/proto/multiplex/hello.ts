/** The first frame of each side: who it is, which version it speaks, and what it allows. */
import { ByteReader, MalformedBytesError } from "../../base/byte_reader.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import type { ClusterId, MemberId } from "../../base/ids.ts";

/** The version of the protocol that this program speaks. */
export const PROTOCOL_VERSION = 1;
/** Where a server takes these connections. */
export const MULTIPLEX_PATH = "/kvorum/v1";

/** What every hello begins with: "KVRM". */
const MAGIC = 0x4d52564b;

/** What a client says first. */
export interface ClientHello {
  readonly version: number;
  /** The client's random name, which with a sequence number identifies a write. */
  readonly client: bigint;
}

/** What a client has to keep to. */
export interface ServerLimits {
  /** The largest frame that the server takes. */
  readonly frameBytesMax: number;
  /** Calls that may wait for an answer at a time. */
  readonly callsMax: number;
  /** Bytes of calls that may wait for an answer at a time. */
  readonly callBytesMax: number;
  /** Streams that may be open at a time. */
  readonly streamsMax: number;
  /** A connection on which nothing was heard for so long is closed. */
  readonly idleMs: number;
}

/** What a server says first. */
export interface ServerHello extends ServerLimits {
  readonly version: number;
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** Whether the server leads its cluster just now. */
  readonly isLeader: boolean;
}

/** Appends a client's hello. */
export function writeClientHello(hello: ClientHello, writer: ByteWriter): void {
  writer.uint32(MAGIC);
  writer.byte(hello.version);
  writer.uint64(hello.client);
}

/** Reads a client's hello. @throws {MalformedBytesError} */
export function decodeClientHello(frame: Uint8Array): ClientHello {
  const reader = new ByteReader(frame);
  const version = readVersion(reader);
  const client = reader.uint64();
  if (client === 0n) throw new MalformedBytesError("Cannot read a hello of client 0");
  return { version, client };
}

/** Appends a server's hello. */
export function writeServerHello(hello: ServerHello, writer: ByteWriter): void {
  writer.uint32(MAGIC);
  writer.byte(hello.version);
  writer.uint64(hello.clusterId);
  writer.uint64(hello.memberId);
  writer.byte(hello.isLeader ? 1 : 0);
  writer.varint(hello.frameBytesMax);
  writer.varint(hello.callsMax);
  writer.varint(hello.callBytesMax);
  writer.varint(hello.streamsMax);
  writer.varint(hello.idleMs);
}

/** Reads a server's hello. @throws {MalformedBytesError} */
export function decodeServerHello(frame: Uint8Array): ServerHello {
  const reader = new ByteReader(frame);
  return {
    version: readVersion(reader),
    clusterId: reader.uint64(),
    memberId: reader.uint64(),
    isLeader: reader.byte() === 1,
    frameBytesMax: reader.varint(),
    callsMax: reader.varint(),
    callBytesMax: reader.varint(),
    streamsMax: reader.varint(),
    idleMs: reader.varint(),
  };
}

/** Bytes after the known ones are for later versions, which add to the end. */
function readVersion(reader: ByteReader): number {
  if (reader.uint32() !== MAGIC) throw new MalformedBytesError("Cannot read a hello: no KVRM");
  return reader.byte();
}
