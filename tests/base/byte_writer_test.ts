import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";

Deno.test("ByteWriter.endPart() writes the length before a part of any size", () => {
  for (const size of [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x20_0000]) {
    for (const bytesMin of [0, 1, 0x80, 0x3fff, 0x4000, size].filter((least) => least <= size)) {
      const writer = new ByteWriter(1);
      writer.byte(7);
      const start = writer.beginPart(bytesMin);
      const part = new Uint8Array(size).fill(9);
      writer.raw(part);
      writer.endPart(start, bytesMin);
      writer.byte(8);
      const reader = new ByteReader(writer.view());
      assertEquals(reader.byte(), 7);
      assertEquals(reader.bytes().length, size);
      assertEquals([reader.byte(), reader.remaining], [8, 0]);
    }
  }
});

Deno.test("ByteWriter.varint64() writes what ByteReader.varint64() reads, negative or not", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
    const writer = new ByteWriter(1);
    writer.varint64(value);
    const reader = new ByteReader(writer.view());
    assertEquals(reader.varint64(), BigInt.asUintN(64, value));
    assertEquals(reader.remaining, 0);
  }));
});
