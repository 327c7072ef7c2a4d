/**
 * The append messages to one follower that are not answered yet, oldest first: a window bounded in
 * messages and in bytes. One message over the byte limit is still let through when the window is
 * below it, so a huge entry cannot get stuck.
 */
export class Inflights {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  #lastIndexes: number[] = [];
  #sizes: number[] = [];
  /** Where the oldest unanswered message is; what is before it is cut off now and then. */
  #head = 0;
  #bytes = 0;

  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
  }

  /** How many messages are unanswered. */
  get count(): number {
    return this.#lastIndexes.length - this.#head;
  }

  /** How many bytes of entries are unanswered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing more may be sent. */
  get full(): boolean {
    return this.count >= this.#messagesMax || this.#bytes >= this.#bytesMax;
  }

  /** A message was sent whose last entry has this index; indexes only grow. */
  add(lastIndex: number, bytes: number): void {
    this.#lastIndexes.push(lastIndex);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** The follower has everything through `index`. */
  freeThrough(index: number): void {
    while (this.#head < this.#lastIndexes.length && this.#lastIndexes[this.#head] <= index) {
      this.#bytes -= this.#sizes[this.#head++];
    }
    if (this.#head === this.#lastIndexes.length) this.reset();
    else if (this.#head >= 64 && this.#head * 2 >= this.#lastIndexes.length) {
      this.#lastIndexes.splice(0, this.#head);
      this.#sizes.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Forgets all messages. */
  reset(): void {
    this.#lastIndexes = [];
    this.#sizes = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
