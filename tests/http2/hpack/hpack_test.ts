import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ConnectionError, ErrorCode } from "../../../src/http2/error_code.ts";
import { HpackDecoder } from "../../../src/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../../src/http2/hpack/encoder.ts";
import { FieldKind, HeaderField } from "../../../src/http2/hpack/header_field.ts";
import { decodeHuffman, encodeHuffman, huffmanBytes } from "../../../src/http2/hpack/huffman.ts";
import { BlockReader, writeInteger } from "../../../src/http2/hpack/integer.ts";
import { OutputBuffer } from "../../../src/http2/output_buffer.ts";

const latin1Text = fc.array(fc.nat(255), { maxLength: 80 })
  .map((units) => String.fromCharCode(...units));

/** Few names and values, so that tables find, evict and meet again. */
const headerField = fc.tuple(
  fc.constantFrom(":path", "content-type", "grpc-status", "x-a", "x-b", "set-cookie", "date"),
  fc.oneof(fc.constantFrom("", "0", "application/grpc", "z".repeat(300)), latin1Text),
).map(([name, value]) => new HeaderField(name, value));

function pairs(fields: readonly HeaderField[]): string[] {
  return fields.map(({ key }) => key);
}

Deno.test("HpackDecoder.decode() gives back what HpackEncoder.encode() wrote, whatever the table's size", () => {
  const step = fc.record({
    tableBytes: fc.option(fc.constantFrom(0, 40, 100, 200, 4096, 100_000), { nil: undefined }),
    fields: fc.array(headerField, { maxLength: 8 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(1_000_000);
    for (const { tableBytes, fields } of steps) {
      if (tableBytes !== undefined) encoder.setTableBytesMax(tableBytes);
      const out = new OutputBuffer();
      encoder.encode(fields, out);
      assertEquals(pairs(decoder.decode(out.bytes, 0, out.length).fields), pairs(fields));
    }
  }));
});

Deno.test("HpackEncoder.encode() names a repeated field with one byte and keeps secrets out of the table", () => {
  const encoder = new HpackEncoder();
  const fields = [new HeaderField("grpc-status", "0"), new HeaderField("authorization", "me")];
  const first = new OutputBuffer();
  encoder.encode(fields, first);
  const second = new OutputBuffer();
  encoder.encode(fields, second);
  assertEquals(second.bytes[0], 0x80 | 62);
  // A literal that no hop may index, with the name from the static table.
  assertEquals(second.bytes.subarray(1, 3), new Uint8Array([0x1f, 23 - 15]));
});

Deno.test("HpackEncoder.encode() tells a table size that went down and up again", () => {
  const encoder = new HpackEncoder();
  encoder.encode([new HeaderField("x-a", "1")], new OutputBuffer());
  encoder.setTableBytesMax(0);
  encoder.setTableBytesMax(100);
  const out = new OutputBuffer();
  encoder.encode([], out);
  assertEquals(out.bytes.slice(0, out.length), new Uint8Array([0x20, 0x3f, 100 - 31]));
});

Deno.test("decodeHuffman() gives back what encodeHuffman() wrote, in as many bytes as huffmanBytes() says", () => {
  fc.assert(fc.property(latin1Text, (text) => {
    const out = new OutputBuffer();
    encodeHuffman(text, out);
    assertEquals(out.length, huffmanBytes(text));
    assertEquals(decodeHuffman(out.bytes, 0, out.length), text);
  }));
  const long = "\u0000ÿ".repeat(3_000);
  const out = new OutputBuffer();
  encodeHuffman(long, out);
  assertEquals(decodeHuffman(out.bytes, 0, out.length), long);
});

Deno.test("decodeHuffman() refuses zero padding, long padding, cut symbols and the end of string", () => {
  // "1" is 00001: three bits of padding follow.
  assertEquals(decodeHuffman(new Uint8Array([0b00001_111]), 0, 1), "1");
  assertEquals(decodeHuffman(new Uint8Array([0b00001_000]), 0, 1), null);
  assertEquals(decodeHuffman(new Uint8Array([0b00001_110]), 0, 1), null);
  assertEquals(decodeHuffman(new Uint8Array([0b00001_111, 0xff]), 0, 2), null);
  assertEquals(decodeHuffman(new Uint8Array([0xff]), 0, 1), null);
  assertEquals(decodeHuffman(new Uint8Array([0xff, 0xff, 0xff, 0xff]), 0, 4), null);
});

Deno.test("BlockReader.integer() gives back what writeInteger() wrote", () => {
  fc.assert(fc.property(fc.nat(0x0fff_ffff), fc.integer({ min: 1, max: 8 }), (value, bits) => {
    const out = new OutputBuffer();
    writeInteger(out, 0, bits, value);
    const reader = new BlockReader(out.bytes, 0, out.length);
    assertEquals(reader.integer(bits), value);
    assert(reader.isAtEnd);
  }));
});

Deno.test("BlockReader.integer() reads the examples of RFC 7541 C.1 and refuses endless ones", () => {
  const read = (bits: number, ...bytes: number[]) =>
    new BlockReader(new Uint8Array(bytes), 0, bytes.length).integer(bits);
  assertEquals(read(5, 0b1110_1010 & 0x1f), 10);
  assertEquals(read(5, 0xff, 0x9a, 0x0a), 1337);
  assertEquals(read(8, 42), 42);
  assertThrows(() => read(5, 0xff, 0x9a), ConnectionError);
  assertThrows(() => read(5, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), ConnectionError);
  assertThrows(() => read(5, 0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), ConnectionError);
});

Deno.test("HpackDecoder.decode() refuses what breaks RFC 7541, and says so with COMPRESSION_ERROR", () => {
  const rows: [string, string][] = [
    ["index 0 (§6.1)", "80"],
    ["an index past both tables (§2.3.3)", "be"],
    ["a name past both tables", "7e0161"],
    ["a table size update after a field (§4.2)", "8220"],
    ["a table size past our settings (§6.3)", "3fe21f"],
    ["a string past the end", "0003616263056162"],
    ["a block that ends within a field", "40"],
    ["padding with zeros (§5.2)", "00016181" + "00"],
  ];
  for (const [name, hex] of rows) {
    const block = Uint8Array.fromHex(hex);
    const error = assertThrows(
      () => new HpackDecoder(65_536).decode(block, 0, block.length),
      ConnectionError,
      undefined,
      name,
    );
    assertEquals(error.code, ErrorCode.COMPRESSION_ERROR, name);
  }
});

Deno.test("HpackDecoder.decode() leaves out what is past the list's limit and keeps its table", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(100);
  const fields = [new HeaderField("x-a", "a".repeat(60)), new HeaderField("x-b", "b".repeat(60))];
  const out = new OutputBuffer();
  encoder.encode(fields, out);
  const list = decoder.decode(out.bytes, 0, out.length);
  assertEquals([list.isTooLarge, pairs(list.fields)], [true, pairs(fields.slice(0, 1))]);
  const again = new OutputBuffer();
  encoder.encode(fields.slice(1), again);
  assertEquals(again.length, 1);
  assertEquals(pairs(decoder.decode(again.bytes, 0, again.length).fields), pairs(fields.slice(1)));
});

Deno.test("HpackDecoder.decode() throws nothing but ConnectionError on any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
    try {
      new HpackDecoder(4_096).decode(block, 0, block.length);
    } catch (error) {
      assert(error instanceof ConnectionError, String(error));
    }
  }));
});

Deno.test("HeaderField knows which fields may not be part of a message", () => {
  const malformed: [string, string][] = [
    ["Upper", "x"],
    ["", "x"],
    ["a b", "x"],
    [":unknown", "x"],
    ["x-a", "line\nbreak"],
    ["x-a", " padded"],
    ["x-a", "padded\t"],
    ["x-a", "nul\0"],
    ["connection", "close"],
    ["transfer-encoding", "chunked"],
    ["te", "gzip"],
  ];
  for (const [name, value] of malformed) {
    assertEquals(new HeaderField(name, value).kind, FieldKind.MALFORMED, `${name}: ${value}`);
  }
  assertEquals(new HeaderField("te", "trailers").kind, FieldKind.OTHER);
  assertEquals(new HeaderField("x-a", "in the middle\tÿ").kind, FieldKind.OTHER);
});
