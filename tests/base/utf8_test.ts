import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../src/base/utf8.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes that often look like the beginning or the middle of a sequence. */
const bytes = fc.array(
  fc.oneof(fc.integer({ min: 0x80, max: 0xff }), fc.constantFrom(0x41, 0xe0, 0xed, 0xf0, 0xf4)),
  { maxLength: 12 },
);

Deno.test("decodeUtf8() replaces malformed bytes as TextDecoder does", () => {
  fc.assert(
    fc.property(bytes, (list) => {
      const input = Uint8Array.from(list);
      assertEquals(decodeUtf8(input), decoder.decode(input));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("encodeUtf8() writes what TextEncoder writes, also for lone surrogates", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.integer({ min: 0xd700, max: 0xe000 }),
      (text, unit) => {
        for (
          const each of [text, text + String.fromCharCode(unit), String.fromCharCode(unit) + text]
        ) {
          assertEquals(encodeUtf8(each), encoder.encode(each));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("decodeUtf8() reads long texts", () => {
  const text = "naïve 𝄞 ".repeat(5000);
  assertEquals(decodeUtf8(encodeUtf8(text)), text);
});
