/**
 * Invariants. A failed assertion is a bug in Kvorum or damaged memory, never a caller's mistake: it
 * stays on in production, stops the replica and keeps the evidence.
 */

/** Thrown when an invariant of the code does not hold. Nothing inside the core catches it. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/** Throws {@linkcode InvariantError} with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a branch that the types say cannot be taken. */
export function unreachable(value: never, what: string): never {
  throw new InvariantError(`Cannot handle ${what}: ${String(value)}`);
}
