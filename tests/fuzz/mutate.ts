import { concatBytes } from "../../src/base/bytes.ts";
import type { Prng } from "../../src/base/prng.ts";
import { pick, randomBytes } from "./conversation.ts";

/** Numbers that lengths and counts are at their most dangerous with, as different codings have them. */
const DANGEROUS: readonly (readonly number[])[] = [
  [0],
  [0x7f],
  [0x80],
  [0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0, 0, 0, 0, 0, 0, 0, 0],
];

type Mutation = (bytes: Uint8Array, at: number, prng: Prng) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flip(bytes, at, prng) {
    const changed = bytes.slice();
    changed[at] ^= 1 << prng.between(0, 8);
    return changed;
  },
  function overwrite(bytes, at, prng) {
    const changed = bytes.slice();
    changed.set(pick(prng, DANGEROUS).slice(0, bytes.length - at), at);
    return changed;
  },
  function insert(bytes, at, prng) {
    const inserted = prng.chance(0.5)
      ? new Uint8Array(pick(prng, DANGEROUS))
      : randomBytes(prng, prng.between(1, 20));
    return concatBytes([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
  },
  function remove(bytes, at, prng) {
    const end = Math.min(bytes.length, at + prng.between(1, 10));
    return concatBytes([bytes.subarray(0, at), bytes.subarray(end)]);
  },
  function repeat(bytes, at, prng) {
    const part = bytes.subarray(at, at + prng.between(1, 60));
    const times = prng.between(1, 20);
    return concatBytes([bytes.subarray(0, at), ...Array(times).fill(part), bytes.subarray(at)]);
  },
  function swap(bytes, at, prng) {
    const changed = bytes.slice();
    const from = prng.between(0, bytes.length);
    changed.set(bytes.subarray(from, from + prng.between(1, 12)).slice(0, bytes.length - at), at);
    return changed;
  },
];

/** Changes bytes in one to four places. */
export function mutate(bytes: Uint8Array, prng: Prng): Uint8Array {
  let changed = bytes;
  for (let left = prng.between(1, 5); left > 0 && changed.length > 0; left--) {
    changed = pick(prng, MUTATIONS)(changed, prng.between(0, changed.length), prng);
  }
  return changed;
}
