import { assert } from "../base/assert.ts";
import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { MemberId } from "../base/ids.ts";
import type { Configuration } from "../raft/configuration.ts";
import { type Entry, entryBytes, EntryKind } from "../raft/entry.ts";
import type { AppendMessage, Message } from "../raft/message.ts";
import type { SnapshotMeta } from "../raft/snapshot.ts";
import { readCount, readFlags } from "./frame.ts";
import { CONFIGURATION_MEMBERS_MAX, MESSAGE_ENTRIES_MAX } from "./peer_limits.ts";

/** The first byte of each of Raft's messages. Numbers are never given twice. */
export const RaftTag = {
  vote: 1,
  voteAnswer: 2,
  append: 3,
  appendAnswer: 4,
  heartbeat: 5,
  heartbeatAnswer: 6,
  snapshot: 7,
  readIndex: 8,
  readIndexAnswer: 9,
  timeoutNow: 10,
} as const satisfies Record<Message["type"], number>;

/** A bound of what a message's numbers and flags take: a tag and six varints of eight bytes. */
const FIXED_BYTES_MAX = 56;
/** The fewest bytes of an entry: its kind, its term, its length. */
const ENTRY_BYTES_MIN = 3;

/** A bound of the bytes that a message takes in a frame. */
export function raftMessageBytesMax(message: Message): number {
  let bytes = FIXED_BYTES_MAX;
  if (message.type === "append") {
    for (const entry of message.entries) bytes += entryBytes(entry);
  } else if (message.type === "snapshot") {
    bytes += configurationBytesMax(message.snapshot.configuration);
  }
  return bytes;
}

/** A bound of the bytes that a configuration takes. */
export function configurationBytesMax(configuration: Configuration): number {
  const { voters, outgoing, learners, learnersNext } = configuration;
  return 16 + 8 * (voters.length + outgoing.length + learners.length + learnersNext.length);
}

/** Writes one message. Sender and receiver are not in it: the frame says them once. */
export function writeRaftMessage(writer: ByteWriter, message: Message): void {
  writer.byte(RaftTag[message.type]);
  writer.varint(message.term);
  switch (message.type) {
    case "vote":
      writer.byte((message.preVote ? 1 : 0) | (message.transfer ? 2 : 0));
      writer.varint(message.lastIndex);
      return writer.varint(message.lastTerm);
    case "voteAnswer":
      writer.byte((message.preVote ? 1 : 0) | (message.granted ? 2 : 0));
      writer.varint(message.commit);
      return writer.varint(message.commitTerm);
    case "append":
      return writeAppend(writer, message);
    case "appendAnswer":
      writer.byte(message.rejected ? 1 : 0);
      writer.varint(message.index);
      writer.varint(message.hintIndex);
      return writer.varint(message.hintTerm);
    case "heartbeat":
      writer.varint(message.commit);
      return writer.varint(message.readContext);
    case "heartbeatAnswer":
      return writer.varint(message.readContext);
    case "snapshot":
      return writeSnapshotMeta(writer, message.snapshot);
    case "readIndex":
      return writer.varint(message.context);
    case "readIndexAnswer":
      writer.varint(message.context);
      return writer.varint(message.index);
    case "timeoutNow":
      return;
  }
}

function writeAppend(writer: ByteWriter, message: AppendMessage): void {
  writer.varint(message.prevIndex);
  writer.varint(message.prevTerm);
  writer.varint(message.commit);
  writer.varint(message.entries.length);
  let index = message.prevIndex;
  for (const entry of message.entries) {
    // Invariant: entries follow each other without a gap, so their indexes need not be written.
    assert(entry.index === ++index, `Cannot send entry ${entry.index} in the place of ${index}`);
    writer.byte(entry.kind);
    writer.varint(entry.term);
    writer.bytes(entry.data);
  }
}

/** Writes where a snapshot stands, and the configuration there. */
export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  const { voters, outgoing, learners, learnersNext, autoLeave } = meta.configuration;
  writer.varint(meta.index);
  writer.varint(meta.term);
  for (const members of [voters, outgoing, learners, learnersNext]) {
    writer.varint(members.length);
    for (const member of members) writer.uint64(member);
  }
  writer.byte(autoLeave ? 1 : 0);
}

/** Reads the rest of one message after its tag. Byte fields are views into what is read. */
export function readRaftMessage(
  reader: ByteReader,
  tag: number,
  from: MemberId,
  to: MemberId,
): Message {
  const term = reader.varint();
  switch (tag) {
    case RaftTag.vote: {
      const flags = readFlags(reader, 3);
      const [preVote, transfer] = [(flags & 1) !== 0, (flags & 2) !== 0];
      const [lastIndex, lastTerm] = [reader.varint(), reader.varint()];
      return { type: "vote", from, to, term, preVote, lastIndex, lastTerm, transfer };
    }
    case RaftTag.voteAnswer: {
      const flags = readFlags(reader, 3);
      const [preVote, granted] = [(flags & 1) !== 0, (flags & 2) !== 0];
      const [commit, commitTerm] = [reader.varint(), reader.varint()];
      return { type: "voteAnswer", from, to, term, preVote, granted, commit, commitTerm };
    }
    case RaftTag.append:
      return readAppend(reader, from, to, term);
    case RaftTag.appendAnswer: {
      const rejected = readFlags(reader, 1) !== 0;
      const [index, hintIndex, hintTerm] = [reader.varint(), reader.varint(), reader.varint()];
      return { type: "appendAnswer", from, to, term, rejected, index, hintIndex, hintTerm };
    }
    case RaftTag.heartbeat: {
      const [commit, readContext] = [reader.varint(), reader.varint()];
      return { type: "heartbeat", from, to, term, commit, readContext };
    }
    case RaftTag.heartbeatAnswer:
      return { type: "heartbeatAnswer", from, to, term, readContext: reader.varint() };
    case RaftTag.snapshot:
      return { type: "snapshot", from, to, term, snapshot: readSnapshotMeta(reader) };
    case RaftTag.readIndex:
      return { type: "readIndex", from, to, term, context: reader.varint() };
    case RaftTag.readIndexAnswer: {
      const [context, index] = [reader.varint(), reader.varint()];
      return { type: "readIndexAnswer", from, to, term, context, index };
    }
    case RaftTag.timeoutNow:
      return { type: "timeoutNow", from, to, term };
    default:
      throw new MalformedBytesError(`Cannot read a message with the tag ${tag}`);
  }
}

function readAppend(reader: ByteReader, from: MemberId, to: MemberId, term: number): AppendMessage {
  const [prevIndex, prevTerm, commit] = [reader.varint(), reader.varint(), reader.varint()];
  const count = readCount(reader, ENTRY_BYTES_MIN, MESSAGE_ENTRIES_MAX);
  if (prevIndex > Number.MAX_SAFE_INTEGER - count) {
    throw new MalformedBytesError(`Cannot read ${count} entries after ${prevIndex}: past 2^53`);
  }
  const entries: Entry[] = [];
  for (let index = prevIndex + 1; index <= prevIndex + count; index++) {
    const kind = readEntryKind(reader);
    const entryTerm = reader.varint();
    const byteLength = reader.varint();
    const data = byteLength === 0 ? EMPTY_BYTES : reader.raw(byteLength);
    entries.push({ term: entryTerm, index, kind, data });
  }
  return { type: "append", from, to, term, prevIndex, prevTerm, entries, commit };
}

function readEntryKind(reader: ByteReader): EntryKind {
  const kind = reader.byte();
  switch (kind) {
    case EntryKind.Empty:
    case EntryKind.Command:
    case EntryKind.Configuration:
      return kind;
    default:
      throw new MalformedBytesError(`Cannot read an entry of the kind ${kind}`);
  }
}

/** Reads what {@linkcode writeSnapshotMeta} wrote. */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const [index, term] = [reader.varint(), reader.varint()];
  const voters = readMembers(reader);
  const outgoing = readMembers(reader);
  const learners = readMembers(reader);
  const learnersNext = readMembers(reader);
  const autoLeave = readFlags(reader, 1) !== 0;
  return { index, term, configuration: { voters, outgoing, learners, learnersNext, autoLeave } };
}

function readMembers(reader: ByteReader): MemberId[] {
  const members: MemberId[] = [];
  let previous = 0n;
  for (let count = readCount(reader, 8, CONFIGURATION_MEMBERS_MAX); count > 0; count--) {
    const member = reader.uint64();
    if (member <= previous) {
      throw new MalformedBytesError("Cannot read the members: not ascending, or one is zero");
    }
    members.push(member);
    previous = member;
  }
  return members;
}
