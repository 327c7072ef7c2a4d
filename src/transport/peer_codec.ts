import { assert } from "../base/assert.ts";
import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";
import type { Message } from "../raft/message.ts";
import {
  beginFrame,
  type Checksum,
  endFrame,
  expectEnd,
  FRAME_HEADER_BYTES,
  FrameKind,
  openFrame,
  PEER_PROTOCOL_VERSION,
  readCount,
} from "./frame.ts";
import { FRAME_MESSAGES_MAX } from "./peer_limits.ts";
import type { PeerMessage } from "./peer_message.ts";
import { raftMessageBytesMax, RaftTag, readRaftMessage, writeRaftMessage } from "./raft_codec.ts";
import {
  readReplicaMessage,
  replicaMessageBytesMax,
  writeReplicaMessage,
} from "./replica_codec.ts";

/** What a frame of messages takes besides its messages: header, sender, receiver, count. */
export const MESSAGES_FRAME_OVERHEAD_BYTES: number = FRAME_HEADER_BYTES + 8 + 8 + 4;

/** A frame of messages, read. */
export interface MessagesFrame {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly messages: readonly PeerMessage[];
}

function isRaftMessage(message: PeerMessage): message is Message {
  return message.type in RaftTag;
}

/** A bound of the bytes that a message takes in a frame: what queues and frames are counted with. */
export function peerMessageBytesMax(message: PeerMessage): number {
  return isRaftMessage(message) ? raftMessageBytesMax(message) : replicaMessageBytesMax(message);
}

/** Writes one frame of all `messages`. Returns a view that the writer's next use overwrites. */
export function writeMessagesFrame(
  writer: ByteWriter,
  from: MemberId,
  to: MemberId,
  messages: readonly PeerMessage[],
  checksum?: Checksum,
): Uint8Array {
  assert(messages.length <= FRAME_MESSAGES_MAX, `Cannot send ${messages.length} in one frame`);
  let bytesMax = MESSAGES_FRAME_OVERHEAD_BYTES;
  for (const message of messages) bytesMax += peerMessageBytesMax(message);
  beginFrame(writer, FrameKind.Messages);
  writer.reserve(bytesMax); // So that a payload is copied once, never again by a growing buffer.
  writer.uint64(from);
  writer.uint64(to);
  writer.varint(messages.length);
  for (const message of messages) {
    if (!isRaftMessage(message)) {
      writeReplicaMessage(writer, message);
      continue;
    }
    assert(message.from === from && message.to === to, "Cannot send another replica's message");
    writeRaftMessage(writer, message);
  }
  return endFrame(writer, checksum);
}

/** One frame of all `messages`, as bytes of its own. */
export function encodeMessagesFrame(
  from: MemberId,
  to: MemberId,
  messages: readonly PeerMessage[],
): Uint8Array {
  return writeMessagesFrame(new ByteWriter(), from, to, messages);
}

/** Reads the body of a frame of messages. Byte fields are views into the frame. */
export function readMessages(version: number, body: ByteReader): MessagesFrame {
  if (version !== PEER_PROTOCOL_VERSION) {
    throw new MalformedBytesError(`Cannot read messages of the protocol version ${version}`);
  }
  const from = body.uint64();
  const to = body.uint64();
  const messages: PeerMessage[] = [];
  for (let count = readCount(body, 1, FRAME_MESSAGES_MAX); count > 0; count--) {
    const tag = body.byte();
    messages.push(
      tag <= RaftTag.timeoutNow
        ? readRaftMessage(body, tag, from, to)
        : readReplicaMessage(body, tag),
    );
  }
  expectEnd(body);
  return { from, to, messages };
}

/**
 * Reads one frame of messages from any bytes.
 *
 * @throws {MalformedBytesError} If the bytes are not exactly one such frame.
 */
export function decodeMessagesFrame(bytes: Uint8Array): MessagesFrame {
  const { kind, version, body } = openFrame(bytes);
  if (kind !== FrameKind.Messages) {
    throw new MalformedBytesError(`Cannot read messages in a frame of the kind ${kind}`);
  }
  return readMessages(version, body);
}
