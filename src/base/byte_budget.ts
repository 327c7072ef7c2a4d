/** Bytes that many share. Whoever takes some gives as many back, once. */
export class ByteBudget {
  readonly #totalBytes: number;
  #takenBytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** How much is taken. It may be more than there is, until those who noticed give it back. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Whether more is taken than there is. */
  get isOverdrawn(): boolean {
    return this.#takenBytes > this.#totalBytes;
  }

  /** Takes bytes, whether or not there are so many. */
  take(byteCount: number): void {
    this.#takenBytes += byteCount;
  }

  /** Gives bytes back. */
  give(byteCount: number): void {
    this.#takenBytes -= byteCount;
  }
}
