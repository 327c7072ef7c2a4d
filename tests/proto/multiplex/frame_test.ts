import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MalformedBytesError } from "../../../src/base/byte_reader.ts";
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import {
  decodeAnswers,
  decodeRequests,
  FRAME_ITEMS_MAX,
  writeCancel,
} from "../../../src/proto/multiplex/frame.ts";
import { decodeClientHello, decodeServerHello } from "../../../src/proto/multiplex/hello.ts";
import { answerItem, encodeItems, requestItem } from "./items.ts";

Deno.test("decodeRequests() reads what was written", () => {
  fc.assert(fc.property(fc.array(requestItem), (items) => {
    assertEquals(decodeRequests(encodeItems(items)), items);
  }));
});

Deno.test("decodeAnswers() reads what was written", () => {
  fc.assert(fc.property(fc.array(answerItem), (items) => {
    assertEquals(decodeAnswers(encodeItems(items)), items);
  }));
});

Deno.test("decodeRequests() and the others throw nothing but MalformedBytesError", () => {
  const decoders: readonly ((frame: Uint8Array) => unknown)[] = [
    decodeRequests,
    decodeAnswers,
    decodeClientHello,
    decodeServerHello,
  ];
  const valid = fc.array(fc.oneof(requestItem, answerItem), { maxLength: 4 }).map(encodeItems);
  const mutated = fc.tuple(valid, fc.nat(), fc.nat({ max: 255 })).map(([frame, at, byte]) => {
    if (frame.length > 0) frame[at % frame.length] = byte;
    return frame;
  });
  const cut = fc.tuple(valid, fc.nat()).map(([frame, at]) =>
    frame.slice(0, at % (frame.length + 1))
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated, cut), (bytes) => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (error) {
          if (!(error instanceof MalformedBytesError)) throw error;
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("decodeRequests() takes only so many items", () => {
  const writer = new ByteWriter();
  for (let i = 0; i < FRAME_ITEMS_MAX; i++) writeCancel(1, writer);
  assertEquals(decodeRequests(writer.view()).length, FRAME_ITEMS_MAX);
  writeCancel(1, writer);
  assertThrows(() => decodeRequests(writer.view()), MalformedBytesError, "more than 65536 items");
});

Deno.test("decodeRequests() refuses what is not defined", () => {
  const rows: readonly (readonly [bytes: number[], text: string])[] = [
    [[9, 1], "unknown type 9"],
    [[6, 1, 0], "unknown type 6"],
    [[5, 0], "calls begin at 1"],
    [[1, 1, 2, 8, 0], "unknown flags 8"],
    [[2, 1, 10, 1, 0, 0], "unknown flags 1"],
    [[1, 1, 2, 0, 5, 0], "only 1 are left"],
  ];
  for (const [bytes, text] of rows) {
    assertThrows(() => decodeRequests(Uint8Array.from(bytes)), MalformedBytesError, text);
  }
  assertThrows(
    () => decodeAnswers(Uint8Array.of(7, 1, 17, 0)),
    MalformedBytesError,
    "an error with status 17",
  );
});
