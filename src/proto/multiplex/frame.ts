/**
 * What a frame of the multiplexed protocol holds: any number of items, each of which says for which
 * call or stream it is. The encoding is described in docs/websocket_protocol.md.
 */
import { ByteReader, MalformedBytesError } from "../../base/byte_reader.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";

/** No honest frame holds more items; a guard against floods of tiny ones. */
export const FRAME_ITEMS_MAX = 65_536;

/** The gRPC status codes that an error may have. */
const STATUS_CODE_MAX = 16;

const CALL = 1;
const OPEN = 2;
const MESSAGE = 3;
const CREDIT = 4;
const CANCEL = 5;
const ANSWER = 6;
const ERROR = 7;
const END = 8;

const HAS_SEQUENCE = 1;
const HAS_DEADLINE = 2;
const REQUIRES_LEADER = 4;
const KNOWN_FLAGS = HAS_SEQUENCE | HAS_DEADLINE | REQUIRES_LEADER;

/** Asks for one answer. */
export interface CallItem {
  readonly type: "call";
  /** The client's name for the call. */
  readonly id: number;
  readonly method: number;
  /** Which of the client's writes it is, so that a repetition is applied once; zero for none. */
  readonly sequence: number;
  /** How long the client waits; zero if it does not say. */
  readonly deadlineMs: number;
  /** Whether to refuse at once while no leader is known. */
  readonly requireLeader: boolean;
  readonly body: Uint8Array;
}

/** Opens a stream with its first message. */
export interface OpenItem {
  readonly type: "open";
  readonly id: number;
  readonly method: number;
  readonly requireLeader: boolean;
  /** How many bytes of messages (their bodies) the server may send; see {@linkcode CreditItem}. */
  readonly creditBytes: number;
  readonly body: Uint8Array;
}

/** A message of a stream, from either side. */
export interface MessageItem {
  readonly type: "message";
  readonly id: number;
  readonly body: Uint8Array;
}

/** Lets the server send so many more bytes on a stream. */
export interface CreditItem {
  readonly type: "credit";
  readonly id: number;
  readonly bytes: number;
}

/** The client does not want to hear of a call or a stream any more. */
export interface CancelItem {
  readonly type: "cancel";
  readonly id: number;
}

/** What a client says. */
export type RequestItem = CallItem | OpenItem | MessageItem | CreditItem | CancelItem;

/** The answer to a call, which is over. */
export interface AnswerItem {
  readonly type: "answer";
  readonly id: number;
  readonly body: Uint8Array;
}

/** The refusal of a call or the failure of a stream, which is over. */
export interface ErrorItem {
  readonly type: "error";
  readonly id: number;
  /** A gRPC status code other than zero. */
  readonly code: number;
  readonly message: string;
}

/** The server has said all that there is on a stream. */
export interface EndItem {
  readonly type: "end";
  readonly id: number;
}

/** What a server says. */
export type AnswerItems = AnswerItem | ErrorItem | MessageItem | EndItem;

/** Begins a call. Its body follows with `beginPart` and `endPart` of the writer. */
export function writeCallHead(
  id: number,
  method: number,
  sequence: number,
  deadlineMs: number,
  requireLeader: boolean,
  writer: ByteWriter,
): void {
  writer.byte(CALL);
  writer.varint(id);
  writer.byte(method);
  writer.byte(
    (sequence > 0 ? HAS_SEQUENCE : 0) | (deadlineMs > 0 ? HAS_DEADLINE : 0) |
      (requireLeader ? REQUIRES_LEADER : 0),
  );
  if (sequence > 0) writer.varint(sequence);
  if (deadlineMs > 0) writer.varint(deadlineMs);
}

/** Opens a stream. Its first message follows as a part. */
export function writeOpenHead(open: Omit<OpenItem, "type" | "body">, writer: ByteWriter): void {
  writer.byte(OPEN);
  writer.varint(open.id);
  writer.byte(open.method);
  writer.byte(open.requireLeader ? REQUIRES_LEADER : 0);
  writer.varint(open.creditBytes);
}

/** Begins a message of a stream, which follows as a part. */
export function writeMessageHead(id: number, writer: ByteWriter): void {
  writer.byte(MESSAGE);
  writer.varint(id);
}

/** Gives credit. */
export function writeCredit(id: number, bytes: number, writer: ByteWriter): void {
  writer.byte(CREDIT);
  writer.varint(id);
  writer.varint(bytes);
}

/** Cancels a call or a stream. */
export function writeCancel(id: number, writer: ByteWriter): void {
  writer.byte(CANCEL);
  writer.varint(id);
}

/** Begins an answer. The message follows as a part. */
export function writeAnswerHead(id: number, writer: ByteWriter): void {
  writer.byte(ANSWER);
  writer.varint(id);
}

/** Refuses a call or fails a stream. */
export function writeError(id: number, code: number, message: string, writer: ByteWriter): void {
  writer.byte(ERROR);
  writer.varint(id);
  writer.byte(code);
  writer.bytes(encodeUtf8(message));
}

/** Ends a stream. */
export function writeEnd(id: number, writer: ByteWriter): void {
  writer.byte(END);
  writer.varint(id);
}

/**
 * The items of a client's frame. Bodies are views into `frame`.
 * @throws {MalformedBytesError} if it is not such a frame
 */
export function decodeRequests(frame: Uint8Array): RequestItem[] {
  return decodeItems(frame, readRequest);
}

/**
 * The items of a server's frame. Bodies are views into `frame`.
 * @throws {MalformedBytesError} if it is not such a frame
 */
export function decodeAnswers(frame: Uint8Array): AnswerItems[] {
  return decodeItems(frame, readAnswer);
}

function decodeItems<T>(frame: Uint8Array, read: (reader: ByteReader) => T): T[] {
  const reader = new ByteReader(frame);
  const items: T[] = [];
  while (reader.remaining > 0) {
    if (items.length === FRAME_ITEMS_MAX) {
      throw new MalformedBytesError(`Cannot read a frame of more than ${FRAME_ITEMS_MAX} items`);
    }
    items.push(read(reader));
  }
  return items;
}

function readRequest(reader: ByteReader): RequestItem {
  const type = reader.byte();
  const id = readId(reader);
  switch (type) {
    case CALL:
      return readCall(id, reader);
    case OPEN: {
      const method = reader.byte();
      const requireLeader = (readFlags(REQUIRES_LEADER, reader) & REQUIRES_LEADER) !== 0;
      const creditBytes = reader.varint();
      return { type: "open", id, method, requireLeader, creditBytes, body: reader.bytes() };
    }
    case MESSAGE:
      return { type: "message", id, body: reader.bytes() };
    case CREDIT:
      return { type: "credit", id, bytes: reader.varint() };
    case CANCEL:
      return { type: "cancel", id };
    default:
      throw new MalformedBytesError(`Cannot read a request of unknown type ${type}`);
  }
}

function readCall(id: number, reader: ByteReader): CallItem {
  const method = reader.byte();
  const flags = readFlags(KNOWN_FLAGS, reader);
  const sequence = (flags & HAS_SEQUENCE) === 0 ? 0 : reader.varint();
  const deadlineMs = (flags & HAS_DEADLINE) === 0 ? 0 : reader.varint();
  const requireLeader = (flags & REQUIRES_LEADER) !== 0;
  return { type: "call", id, method, sequence, deadlineMs, requireLeader, body: reader.bytes() };
}

function readAnswer(reader: ByteReader): AnswerItems {
  const type = reader.byte();
  const id = readId(reader);
  switch (type) {
    case MESSAGE:
      return { type: "message", id, body: reader.bytes() };
    case ANSWER:
      return { type: "answer", id, body: reader.bytes() };
    case ERROR: {
      const code = reader.byte();
      if (code === 0 || code > STATUS_CODE_MAX) {
        throw new MalformedBytesError(`Cannot read an error with status ${code}`);
      }
      return { type: "error", id, code, message: decodeUtf8(reader.bytes()) };
    }
    case END:
      return { type: "end", id };
    default:
      throw new MalformedBytesError(`Cannot read an answer of unknown type ${type}`);
  }
}

function readId(reader: ByteReader): number {
  const id = reader.varint();
  if (id === 0) throw new MalformedBytesError("Cannot read an item for call 0: calls begin at 1");
  return id;
}

function readFlags(known: number, reader: ByteReader): number {
  const flags = reader.byte();
  if ((flags & ~known) !== 0) throw new MalformedBytesError(`Cannot read unknown flags ${flags}`);
  return flags;
}
