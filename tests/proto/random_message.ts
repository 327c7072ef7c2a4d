import * as fc from "fast-check";
import { create, isZero } from "../../src/proto/codec.ts";
import type { Field, MessageSchema } from "../../src/proto/schema.ts";
import type { SeededPrng } from "../../src/base/prng.ts";

const DEPTH_MAX = 4;
const TEXTS = ["", "plain", 'quote " \\ \n', "größe", "𝄞"];

/** Draws seeds for messages made by {@linkcode randomMessage}. */
export const seeds: fc.Arbitrary<number> = fc.nat();

function randomInteger(prng: SeededPrng): number {
  const bits = prng.between(0, 54);
  return Math.floor(prng.next() * 2 ** bits);
}

function randomId(prng: SeededPrng): bigint {
  return (BigInt(prng.between(0, 2 ** 32)) << 32n) >> BigInt(prng.between(0, 64));
}

function randomValue(field: Field, prng: SeededPrng, depth: number): unknown {
  const sign = prng.chance(0.2) ? -1 : 1;
  switch (field.kind) {
    case "bytes": {
      const bytes = new Uint8Array(prng.between(0, 4) * prng.between(0, 60));
      return bytes.map(() => prng.between(0, 256));
    }
    case "string":
      return TEXTS[prng.between(0, TEXTS.length)];
    case "bool":
      return prng.chance(0.5);
    case "int64":
    case "int64Clamped":
      return sign * randomInteger(prng) + 0;
    case "uint64":
      return randomInteger(prng);
    case "int64Id":
      return BigInt.asIntN(64, randomId(prng));
    case "uint64Id":
      return BigInt.asUintN(64, randomId(prng));
    case "uint32":
      return prng.between(0, 2 ** 32);
    case "enum":
      return prng.between(0, Object.keys(field.values ?? {}).length + 1);
    case "message":
      return randomMessage((field.schema as () => MessageSchema<object>)(), prng, depth + 1);
  }
}

/** A message of `schema` with random values in some of its fields. */
export function randomMessage<T extends object>(
  schema: MessageSchema<T>,
  prng: SeededPrng,
  depth = 0,
): T {
  const message = create(schema);
  const fields = message as Record<string, unknown>;
  const taken = new Set<string>();
  for (const field of schema.fields) {
    if (prng.chance(0.4) || field.kind === "message" && depth === DEPTH_MAX) continue;
    if (field.repeated === true) {
      const count = prng.between(0, 4);
      fields[field.key] = Array.from({ length: count }, () => randomValue(field, prng, depth));
    } else if (field.oneof === undefined || !taken.has(field.oneof)) {
      const value = randomValue(field, prng, depth);
      if (field.oneof !== undefined) taken.add(field.oneof);
      // A zero is what the field already has, with the codec's own empty bytes.
      if (field.oneof !== undefined || !isZero(value)) fields[field.key] = value;
    }
  }
  return message;
}
