/**
 * How far writes may run ahead of the oldest one whose fate is open. Safety: the cluster knows the
 * last 1,024 writes of a client, and takes no older one.
 */
const WRITES_AHEAD_MAX = 1_000;

/** Numbers a client's writes, so that each is applied once however often it is sent. */
export class WriteWindow {
  /** Writes whose fate is open, the oldest first. */
  readonly #open = new Set<number>();
  #last = 0;

  /** The number of the next write, or zero while it would run too far ahead. */
  begin(): number {
    const sequence = this.#last + 1;
    const oldest = this.#open.keys().next();
    if (oldest.done !== true && sequence - oldest.value >= WRITES_AHEAD_MAX) return 0;
    this.#open.add(sequence);
    this.#last = sequence;
    return sequence;
  }

  /** The write was answered, or is given up and never sent again. */
  settle(sequence: number): void {
    this.#open.delete(sequence);
  }
}
