import type { Machine } from "../machine/machine.ts";

/** How much is hashed before others have their turn: a few milliseconds' work. */
const STEP_BYTES = 1_048_576;

/** A hash, or why there is none. */
export type HashResult = ReturnType<Machine["store"]["hashKv"]>;

/**
 * Hashes the history up to a revision (0 for the newest) while others go on: a large store takes
 * seconds, and heartbeats must not wait so long.
 *
 * @param pause Resolves when others have had their turn; it may throw to give up.
 */
export async function hashInSteps(
  { store }: Machine,
  revision: number,
  pause: () => Promise<void>,
): Promise<HashResult> {
  const pass = store.beginHash(revision);
  for (;;) {
    const result = pass.step(STEP_BYTES);
    if (result !== null) return result;
    await pause();
  }
}
