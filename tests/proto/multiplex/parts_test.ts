import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MalformedBytesError } from "../../../src/base/byte_reader.ts";
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import {
  beginFrame,
  FrameAssembler,
  LARGE_PARTS,
  type PartOptions,
  sendFrame,
  SMALL_PARTS,
} from "../../../src/proto/multiplex/parts.ts";

function messagesOf(frame: Uint8Array, options: PartOptions): Uint8Array[] {
  const writer = new ByteWriter();
  beginFrame(writer);
  writer.raw(frame);
  const messages: Uint8Array[] = [];
  sendFrame(writer, options, (message) => messages.push(message.slice()));
  return messages;
}

Deno.test("FrameAssembler puts together what sendFrame() cut", () => {
  const options = fc.record({
    messageBytesMax: fc.integer({ min: 2, max: 40 }),
    cutUpToBytes: fc.nat({ max: 500 }),
    echo: fc.boolean(),
  });
  const frames = fc.array(fc.uint8Array({ maxLength: 400 }));
  fc.assert(fc.property(frames, options, (sent, options) => {
    const assembler = new FrameAssembler(400);
    for (const frame of sent) {
      const messages = messagesOf(frame, options);
      const taken = messages.map((message) => assembler.take(message));
      assertEquals(taken, [...messages.slice(1).map(() => null), frame]);
      assert(messages.every((message) => FrameAssembler.asksForEcho(message) === options.echo));
    }
  }));
});

Deno.test("sendFrame() cuts what would be delayed and nothing else", () => {
  const sizes = (byteLength: number, options: PartOptions) =>
    messagesOf(new Uint8Array(byteLength), options).map(({ length }) => length);
  assertEquals(sizes(999, SMALL_PARTS), [1_000]);
  assertEquals(sizes(2_000, SMALL_PARTS), [1_000, 1_000, 3]);
  assertEquals(sizes(131_072, SMALL_PARTS), [131_073]);
  assertEquals(sizes(131_072, LARGE_PARTS), [131_073]);
  assertEquals(sizes(1_048_576, LARGE_PARTS), [1_048_576, 2]);
});

Deno.test("FrameAssembler.take() refuses what is no part", () => {
  const rows: readonly (readonly [messages: number[][], text: string])[] = [
    [[[]], "without flags"],
    [[[4, 1]], "unknown flags 4"],
    [[[1]], "an empty part"],
    [[[0, 1, 2, 3, 4, 5]], "a frame of 5 bytes"],
    [[[1, 1, 2, 3], [0, 4, 5]], "a frame of 5 bytes"],
  ];
  for (const [messages, text] of rows) {
    const assembler = new FrameAssembler(4);
    const [last, ...before] = messages.map((bytes) => Uint8Array.from(bytes)).reverse();
    for (const message of before) assertEquals(assembler.take(message), null);
    assertThrows(() => assembler.take(last), MalformedBytesError, text);
  }
});
