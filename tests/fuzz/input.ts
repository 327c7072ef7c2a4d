import { concatBytes } from "../../src/base/bytes.ts";
import { type Prng, SeededPrng } from "../../src/base/prng.ts";
import { type Conversation, randomBytes } from "./conversation.ts";
import { mutate } from "./mutate.ts";

/** The longest input. Longer ones teach a parser nothing new. */
const INPUT_BYTES_MAX = 65_536;

/** What one connection is told, and how. */
export interface Input {
  readonly pieces: readonly Uint8Array[];
  /** Waits between two pieces; a slow sender has long ones. */
  readonly pauseMs: number;
  /** Whether the client breaks off at once instead of waiting for the server to end it. */
  readonly isAbrupt: boolean;
}

/** The input that a seed stands for, the same each time. */
export function inputOf(seed: number, conversation: Conversation): Input {
  const prng = new SeededPrng(seed);
  const bytes = bytesOf(prng, conversation).subarray(0, INPUT_BYTES_MAX);
  const isSlow = prng.chance(0.01);
  return {
    pieces: cut(bytes, isSlow || prng.chance(0.2) ? prng.between(2, 8) : 1, prng),
    pauseMs: isSlow ? prng.between(1, 30) : 0,
    isAbrupt: prng.chance(0.3),
  };
}

function bytesOf(prng: Prng, conversation: Conversation): Uint8Array {
  const kind = prng.next();
  if (kind < 0.05) return randomBytes(prng, prng.between(0, 2_000));
  if (kind < 0.4) {
    const chance = prng.next() / 4;
    const spoil = (payload: Uint8Array) => prng.chance(chance) ? mutate(payload, prng) : payload;
    return concatBytes(conversation(prng, spoil));
  }
  const pieces = conversation(prng, (payload) => payload);
  if (kind < 0.45) return concatBytes(pieces);
  if (kind < 0.6) {
    const whole = concatBytes(pieces);
    return whole.subarray(0, prng.between(0, whole.length));
  }
  if (kind < 0.9) {
    // What comes first opens the way to the rest, so it is mostly left as it is.
    const first = prng.chance(0.9) ? prng.between(0, Math.min(3, pieces.length)) : 0;
    const rest = mutate(concatBytes(pieces.slice(first)), prng);
    return concatBytes([...pieces.slice(0, first), rest]);
  }
  const at = prng.between(0, pieces.length + 1);
  const garbage = randomBytes(prng, prng.between(1, 300));
  return concatBytes([...pieces.slice(0, at), garbage, ...pieces.slice(at)]);
}

function cut(bytes: Uint8Array, count: number, prng: Prng): Uint8Array[] {
  const places = Array.from({ length: count - 1 }, () => prng.between(0, bytes.length + 1));
  const bounds = [0, ...places.sort((a, b) => a - b), bytes.length];
  return Array.from({ length: count }, (_, i) => bytes.subarray(bounds[i], bounds[i + 1]));
}
