import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";

/**
 * What a command asks of the state machine. The numbers are part of the log's format and never
 * change their meaning. The body of a command is the request in etcd's own encoding, as the client
 * sent it, unless said otherwise.
 */
export const CommandKind = {
  Put: 1,
  DeleteRange: 2,
  Txn: 3,
  Compaction: 4,
  LeaseGrant: 5,
  LeaseRevoke: 6,
  /** Gives a lease its full time again; the body is that of a keep-alive. */
  LeaseRenew: 7,
  Alarm: 8,
  /** A replica's name, client addresses and storage instance (`member_attributes.ts`). */
  MemberAttributes: 9,
  /** Ends a lease whose time is over by the entry's stamp; the body is that of a revocation. */
  LeaseExpire: 10,
  /** A change of users or roles (`auth_command.ts`); passwords come as hashes alone. */
  Auth: 11,
} as const;
/** One of the values of {@linkcode CommandKind}. */
export type CommandKind = typeof CommandKind[keyof typeof CommandKind];

/** A client's name for one of its requests: equal identities are applied once. */
export interface RequestIdentity {
  /** The client, drawn at random. */
  readonly client: bigint;
  /** Counts the client's requests, from 1. */
  readonly sequence: number;
}

/** One request on its way through the log. */
export interface Command {
  readonly kind: CommandKind;
  readonly body: Uint8Array;
  readonly identity: RequestIdentity | null;
}

/**
 * Who made a batch. A replica sends the same batch again when it cannot know whether it was lost;
 * the state machine applies each (origin, incarnation, number) once.
 */
export interface BatchOrigin {
  readonly origin: MemberId;
  /** Grows with each start of the origin (the storage's epoch). */
  readonly incarnation: number;
  /** Counts the batches of one incarnation, from 1. */
  readonly number: number;
}

/** What one replica gathered in one turn of its loop. A leader stamps it and has a command entry. */
export interface Batch extends BatchOrigin {
  readonly commands: readonly Command[];
}

/** Why not 1: an entry of the first format began with its batch, whose version this would be. */
const ENTRY_VERSION = 2;
const BATCH_VERSION = 1;
/** The version and a varint. */
const STAMP_BYTES_MAX = 9;
const HAS_IDENTITY = 0x80;
/** No honest batch holds more commands; a guard against damaged counts. */
export const BATCH_COMMANDS_MAX = 65_536;

/** The payload of a command entry: a batch behind the reading of its leader's lease clock. */
export function stampBatch(batch: Uint8Array, leaseClockMs: number): Uint8Array {
  const writer = new ByteWriter(STAMP_BYTES_MAX + batch.length);
  writer.byte(ENTRY_VERSION);
  writer.varint(leaseClockMs);
  writer.raw(batch);
  return writer.view();
}

/** Reads the stamp of a command entry; its batch follows in `reader`. */
export function decodeStamp(reader: ByteReader): number {
  const version = reader.byte();
  if (version !== ENTRY_VERSION) {
    throw new MalformedBytesError(
      `Cannot read an entry of version ${version}: this program knows version ${ENTRY_VERSION}`,
    );
  }
  return reader.varint();
}

/** Appends the encoding of a batch to `writer`. Commands' bodies are copied as they are. */
export function encodeBatch(batch: Batch, writer: ByteWriter): void {
  writer.byte(BATCH_VERSION);
  writer.uint64(batch.origin);
  writer.varint(batch.incarnation);
  writer.varint(batch.number);
  writer.varint(batch.commands.length);
  for (const { kind, body, identity } of batch.commands) {
    if (identity === null) {
      writer.byte(kind);
    } else {
      writer.byte(kind | HAS_IDENTITY);
      writer.uint64(identity.client);
      writer.varint(identity.sequence);
    }
    writer.bytes(body);
  }
}

/** Reads where a batch comes from and how many commands it has; its commands follow in `reader`. */
export function decodeBatchHead(reader: ByteReader): BatchOrigin & { readonly count: number } {
  const version = reader.byte();
  if (version !== BATCH_VERSION) {
    throw new MalformedBytesError(
      `Cannot read a batch of version ${version}: this program knows version ${BATCH_VERSION}`,
    );
  }
  const origin = reader.uint64();
  const incarnation = reader.varint();
  const number = reader.varint();
  const count = reader.varint();
  if (count > BATCH_COMMANDS_MAX) {
    throw new MalformedBytesError(`Cannot read a batch of ${count} commands`);
  }
  return { origin, incarnation, number, count };
}

/** Reads the next command of a batch. Its body is a view into the batch's bytes. */
export function decodeCommand(reader: ByteReader): Command {
  const tag = reader.byte();
  let identity: RequestIdentity | null = null;
  if ((tag & HAS_IDENTITY) !== 0) {
    identity = { client: reader.uint64(), sequence: reader.varint() };
  }
  const kind = tag & ~HAS_IDENTITY;
  if (kind < CommandKind.Put || kind > CommandKind.Auth) {
    throw new MalformedBytesError(`Cannot read a command of unknown kind ${kind}`);
  }
  return { kind: kind as CommandKind, body: reader.bytes(), identity };
}

/** Reads a whole batch and refuses trailing bytes. For what comes from other replicas and for tools. */
export function decodeBatch(bytes: Uint8Array): Batch {
  return readBatch(new ByteReader(bytes));
}

/** Reads a whole command entry and refuses trailing bytes. */
export function decodeEntry(payload: Uint8Array): Batch & { readonly leaseClockMs: number } {
  const reader = new ByteReader(payload);
  return { leaseClockMs: decodeStamp(reader), ...readBatch(reader) };
}

function readBatch(reader: ByteReader): Batch {
  const { count, ...from } = decodeBatchHead(reader);
  const commands: Command[] = [];
  for (let i = 0; i < count; i++) commands.push(decodeCommand(reader));
  if (reader.remaining > 0) {
    throw new MalformedBytesError(`Cannot read a batch with ${reader.remaining} trailing bytes`);
  }
  return { ...from, commands };
}
