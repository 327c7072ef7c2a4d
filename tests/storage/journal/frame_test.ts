import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvariantError } from "../../../src/base/assert.ts";
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import { crc32 } from "../../../src/base/crc32.ts";
import {
  beginFrame,
  CHAIN_ORIGIN,
  endFrame,
  follows,
  FRAME_HEADER_BYTES,
  frameBytes,
  pointBefore,
  readFrame,
  readFrameHeader,
} from "../../../src/storage/journal/frame.ts";
import { bytesOf } from "../fixtures.ts";

const sum = (bytes: Uint8Array): number => crc32(bytes);

function frameOf(payload: Uint8Array, sequence: number, previous: number): Uint8Array {
  const writer = new ByteWriter(8);
  beginFrame(writer);
  writer.raw(payload);
  endFrame(writer, sequence, previous, sum);
  return writer.copy();
}

Deno.test("readFrame() reads what endFrame() wrote, at any offset", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 2000 }),
    fc.maxSafeNat(),
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.nat(50),
    (payload, sequence, previous, offset) => {
      const bytes = frameOf(payload, sequence, previous);
      assertEquals(bytes.length, frameBytes(payload.length));
      assertEquals(bytes.length % 8, 0);
      const placed = new Uint8Array(offset + bytes.length);
      placed.set(bytes, offset);
      const frame = readFrame(placed, offset, sum)!;
      assertEquals([frame.sequence, frame.previous], [sequence, previous]);
      assertEquals(frame.payload, payload);
    },
  ));
});

Deno.test("readFrame() answers null for a frame with any bit flipped or any byte missing", () => {
  const bytes = frameOf(bytesOf(40), 3, 4);
  const end = FRAME_HEADER_BYTES + 40 + 1;
  for (let bit = 0; bit < end * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >>> 3] ^= 1 << (bit & 7);
    assertEquals(readFrame(flipped, 0, sum), null, `bit ${bit}`);
  }
  for (let length = 0; length < end; length++) {
    assertEquals(readFrame(bytes.subarray(0, length), 0, sum), null, `${length} bytes`);
  }
});

Deno.test("readFrame() never throws on arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(220), (bytes, offset) => {
    readFrame(bytes, offset, sum);
    readFrameHeader(bytes, offset);
  }));
});

Deno.test("endFrame() refuses an empty payload", () => {
  const writer = new ByteWriter();
  beginFrame(writer);
  assertThrows(() => endFrame(writer, 1, 0, sum), InvariantError, "Cannot frame 0 bytes");
});

Deno.test("follows() wants the next sequence and the predecessor's checksum", () => {
  const first = readFrame(frameOf(bytesOf(3), 1, CHAIN_ORIGIN.checksum), 0, sum)!;
  const second = readFrame(frameOf(bytesOf(4), 2, first.checksum), 0, sum)!;
  assertEquals(follows(first, CHAIN_ORIGIN), true);
  assertEquals(follows(second, first), true);
  assertEquals(follows(second, CHAIN_ORIGIN), false);
  assertEquals(follows(second, { sequence: 1, checksum: first.checksum ^ 1 }), false);
  assertEquals(follows(second, pointBefore(second)), true);
  assertEquals(
    follows({ sequence: 1, previous: 5 }, pointBefore({ sequence: 1, previous: 5 })),
    false,
  );
});
