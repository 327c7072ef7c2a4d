import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { crc32 as nativeCrc32 } from "node:zlib";
import { ByteReader, MalformedBytesError } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import {
  beginFrame,
  endFrame,
  FRAME_HEADER_BYTES,
  FrameKind,
  PEER_PROTOCOL_VERSION,
} from "../../src/transport/frame.ts";
import {
  decodeMessagesFrame,
  encodeMessagesFrame,
  MESSAGES_FRAME_OVERHEAD_BYTES,
  peerMessageBytesMax,
  readMessages,
  writeMessagesFrame,
} from "../../src/transport/peer_codec.ts";
import { FRAME_MESSAGES_MAX, MESSAGE_ENTRIES_MAX } from "../../src/transport/peer_limits.ts";
import { anyMessage, forward, FROM, TO } from "./messages.ts";

Deno.test("decodeMessagesFrame() gives back what encodeMessagesFrame() took", () => {
  fc.assert(fc.property(fc.array(anyMessage, { maxLength: 8 }), (messages) => {
    const frame = encodeMessagesFrame(FROM, TO, messages);
    assertEquals(decodeMessagesFrame(frame), { from: FROM, to: TO, messages });
  }));
});

Deno.test("peerMessageBytesMax() is never less than what a message takes", () => {
  fc.assert(fc.property(anyMessage, (message) => {
    const { length } = encodeMessagesFrame(FROM, TO, [message]);
    assert(length <= peerMessageBytesMax(message) + MESSAGES_FRAME_OVERHEAD_BYTES);
  }));
});

Deno.test("writeMessagesFrame() writes the same with a native checksum", () => {
  fc.assert(fc.property(fc.array(anyMessage, { maxLength: 3 }), (messages) => {
    const frame = writeMessagesFrame(new ByteWriter(), FROM, TO, messages, nativeCrc32);
    assertEquals(frame, encodeMessagesFrame(FROM, TO, messages));
  }));
});

Deno.test("decodeMessagesFrame() lends views into the frame", () => {
  const frame = encodeMessagesFrame(FROM, TO, [forward(100)]);
  const [message] = decodeMessagesFrame(frame).messages;
  assert(message.type === "forward");
  assertStrictEquals(message.batch.buffer, frame.buffer);
});

Deno.test("decodeMessagesFrame() finds every flipped bit, and every cut and lengthened frame", () => {
  const frames = fc.array(anyMessage, { maxLength: 4 }).map((m) =>
    encodeMessagesFrame(FROM, TO, m)
  );
  fc.assert(fc.property(frames, fc.nat(), fc.nat(7), (frame, at, bit) => {
    const flipped = frame.slice();
    flipped[at % frame.length] ^= 1 << bit;
    assertThrows(() => decodeMessagesFrame(flipped), MalformedBytesError);
    assertThrows(() => decodeMessagesFrame(frame.slice(0, at % frame.length)), MalformedBytesError);
    const longer = new Uint8Array(frame.length + 1);
    longer.set(frame);
    assertThrows(() => decodeMessagesFrame(longer), MalformedBytesError);
  }));
});

/** Reads a body whatever its checksum, which a hostile peer can make right. */
function mustReadOrRefuse(body: Uint8Array): void {
  try {
    readMessages(PEER_PROTOCOL_VERSION, new ByteReader(body));
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
  }
}

Deno.test("readMessages() takes or refuses any bytes, and never fails otherwise", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), mustReadOrRefuse),
    { numRuns: 1_000 },
  );
  // Random bytes seldom get past the count, so start from an honest frame and damage it.
  const honest = fc.array(anyMessage, { minLength: 1, maxLength: 3 });
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(honest, damage, (messages, changes) => {
      const body = encodeMessagesFrame(FROM, TO, messages).slice(FRAME_HEADER_BYTES);
      for (const [at, value] of changes) body[16 + at % (body.length - 16)] = value;
      mustReadOrRefuse(body);
    }),
    { numRuns: 2_000 },
  );
});

function frameOf(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  beginFrame(writer, FrameKind.Messages);
  writer.uint64(FROM);
  writer.uint64(TO);
  write(writer);
  return endFrame(writer);
}

Deno.test("decodeMessagesFrame() refuses counts beyond the limits before it allocates", () => {
  const tooManyMessages = frameOf((w) => {
    w.varint(FRAME_MESSAGES_MAX + 1);
    w.raw(new Uint8Array(2 * FRAME_MESSAGES_MAX));
  });
  assertThrows(() => decodeMessagesFrame(tooManyMessages), MalformedBytesError, "too many");
  const append = (count: number, bytes: number) =>
    frameOf((w) => {
      w.varint(1);
      for (const value of [3, 1, 0, 0, 0, count]) w.varint(value);
      w.raw(new Uint8Array(bytes));
    });
  const entries = MESSAGE_ENTRIES_MAX + 1;
  assertThrows(() => decodeMessagesFrame(append(entries, 3 * entries)), MalformedBytesError);
  assertThrows(() => decodeMessagesFrame(append(2 ** 50, 30)), MalformedBytesError, "too many");
  const [message] = decodeMessagesFrame(append(MESSAGE_ENTRIES_MAX, 3 * (entries - 1))).messages;
  assert(message.type === "append" && message.entries.length === MESSAGE_ENTRIES_MAX);
});

Deno.test("decodeMessagesFrame() refuses what no encoder writes", () => {
  const refuse = (why: string, write: (w: ByteWriter) => void) =>
    assertThrows(() => decodeMessagesFrame(frameOf(write)), MalformedBytesError, why);
  const numbers = (...values: number[]) => (w: ByteWriter) => values.forEach((v) => w.varint(v));
  refuse("tag 11", numbers(1, 11, 1));
  refuse("tag 99", numbers(1, 99));
  refuse("flags 4", numbers(1, 1, 1, 4, 1, 1));
  refuse("kind 3", numbers(1, 3, 1, 0, 0, 0, 1, 3, 1, 0));
  refuse("bytes too many", numbers(1, 10, 1, 7));
  refuse("not UTF-8", numbers(1, 37, 1, 1, 0x7f + 0x80, 0));
  refuse("past 2^53", numbers(1, 3, 1, Number.MAX_SAFE_INTEGER, 0, 0, 1, 1, 1, 0));
  refuse("not ascending", (w) => {
    numbers(1, 7, 1, 1, 1, 2)(w);
    w.uint64(2n);
    w.uint64(2n);
    numbers(0, 0, 0, 0)(w);
  });
});
