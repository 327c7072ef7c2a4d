import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import { decode, encodeToBytes } from "../../src/proto/codec.ts";
import { fromJson, toJson } from "../../src/proto/json.ts";
import type { MessageSchema } from "../../src/proto/schema.ts";
import { ALL_SCHEMAS, withoutHandMade } from "./all_schemas.ts";
import { randomMessage, seeds } from "./random_message.ts";

function forAll(runs: number, check: (schema: MessageSchema<object>, prng: SeededPrng) => void) {
  fc.assert(
    fc.property(fc.constantFrom(...ALL_SCHEMAS), seeds, (schema, seed) => {
      check(schema, new SeededPrng(seed));
    }),
    { numRuns: runs },
  );
}

/** What `decode` gives, or the name of the error that it throws. */
function outcome(schema: MessageSchema<object>, bytes: Uint8Array): object | string {
  try {
    return decode(schema, bytes);
  } catch (error) {
    if (error instanceof MalformedBytesError) return error.name;
    throw error;
  }
}

Deno.test("decode() gives back what encode() wrote", () => {
  forAll(1500, (schema, prng) => {
    const message = randomMessage(schema, prng);
    assertEquals(decode(schema, encodeToBytes(schema, message)), message);
  });
});

Deno.test("fromJson() gives back what toJson() wrote", () => {
  forAll(1500, (schema, prng) => {
    const message = randomMessage(schema, prng);
    assertEquals(fromJson(schema, JSON.parse(toJson(schema, message))), message);
  });
});

Deno.test("encode() writes the same bytes by hand and generically", () => {
  forAll(1500, (schema, prng) => {
    const message = randomMessage(schema, prng);
    assertEquals(encodeToBytes(schema, message), encodeToBytes(withoutHandMade(schema), message));
  });
});

Deno.test("decode() refuses mutated bytes only with MalformedBytesError, by hand and generically", () => {
  let refused = 0;
  forAll(4000, (schema, prng) => {
    let bytes = encodeToBytes(schema, randomMessage(schema, prng));
    for (let i = prng.between(1, 4); i > 0 && bytes.length > 0; i--) {
      bytes[prng.between(0, bytes.length)] = prng.between(0, 256);
    }
    if (prng.chance(0.3)) bytes = bytes.subarray(0, prng.between(0, bytes.length + 1));
    const result = outcome(schema, bytes);
    assertEquals(result, outcome(withoutHandMade(schema), bytes));
    if (typeof result === "string") refused++;
  });
  assertEquals(refused > 500, true);
});

Deno.test("decode() merges two messages one after the other, by hand and generically", () => {
  forAll(1500, (schema, prng) => {
    const first = encodeToBytes(schema, randomMessage(schema, prng));
    const second = encodeToBytes(schema, randomMessage(schema, prng));
    const both = new Uint8Array([...first, ...second]);
    assertEquals(decode(schema, both), decode(withoutHandMade(schema), both));
  });
});

Deno.test("decode() refuses random bytes only with MalformedBytesError", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ALL_SCHEMAS),
      fc.uint8Array({ maxLength: 64 }),
      (schema, bytes) => {
        assertEquals(outcome(schema, bytes), outcome(withoutHandMade(schema), bytes));
      },
    ),
    { numRuns: 4000 },
  );
});
