import { assertEquals } from "@std/assert";
import { crc32 as native } from "node:zlib";
import { crc32, crc32c } from "../../src/base/crc32.ts";
import { SeededPrng } from "../../src/base/prng.ts";

const CHECK = new TextEncoder().encode("123456789");

/** A CRC as it is defined: one bit after the other. */
function bitwise(polynomial: number, bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return ~crc >>> 0;
}

function randomBytes(byteCount: number): Uint8Array {
  const prng = new SeededPrng(byteCount);
  return Uint8Array.from({ length: byteCount }, () => prng.between(0, 256));
}

Deno.test("crc32() and crc32c() answer the check values of their definitions", () => {
  assertEquals(crc32(CHECK), 0xcbf43926);
  assertEquals(crc32c(CHECK), 0xe3069283);
  assertEquals([crc32(new Uint8Array(0)), crc32c(new Uint8Array(0))], [0, 0]);
});

Deno.test("crc32() and crc32c() sum any part of a buffer, wherever it begins", () => {
  const bytes = randomBytes(200);
  for (let start = 0; start < 10; start++) {
    for (let end = start; end <= bytes.length; end++) {
      const part = bytes.slice(start, end);
      assertEquals(crc32(bytes, 0, start, end), native(part), `[${start}, ${end})`);
      assertEquals(crc32(bytes.subarray(start), 0, 0, end - start), native(part));
      assertEquals(crc32c(bytes, 0, start, end), bitwise(0x82f63b78, part), `[${start}, ${end})`);
    }
  }
});

Deno.test("crc32() continues from the sum of what came before", () => {
  const bytes = randomBytes(300);
  for (let cut = 0; cut <= bytes.length; cut += 7) {
    assertEquals(crc32(bytes, crc32(bytes, 0, 0, cut), cut), native(bytes));
    assertEquals(crc32c(bytes, crc32c(bytes, 0, 0, cut), cut), crc32c(bytes));
  }
});
