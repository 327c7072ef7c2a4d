import type { Prng } from "../../src/base/prng.ts";

/** Damages a message that travels inside of others, so that those around it stay well formed. */
export type Spoil = (payload: Uint8Array) => Uint8Array;

/** What a client of one protocol says on one connection, in pieces such as frames. */
export type Conversation = (prng: Prng, spoil: Spoil) => Uint8Array[];

/** The protocols that are fuzzed. */
export const FUZZED = ["json", "grpc", "ws", "peer"] as const;
/** One of {@linkcode FUZZED}. */
export type Fuzzed = typeof FUZZED[number];

/** One of several, each as likely as the others. */
export function pick<T>(prng: Prng, choices: readonly T[]): T {
  return choices[prng.between(0, choices.length)];
}

/** Bytes without any sense. */
export function randomBytes(prng: Prng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => prng.between(0, 256));
}
