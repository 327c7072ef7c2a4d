/**
 * Items by the time at which they are due, the earliest first: a binary heap. An item is not moved
 * when its time changes; whoever pops it looks at the item's own deadline and pushes it again if that
 * is later. Renewals, by far the most frequent operation, then cost nothing here.
 */
export class DeadlineHeap<Item> {
  readonly #dueMs: number[] = [];
  readonly #items: Item[] = [];

  /** How many items are queued. */
  get size(): number {
    return this.#items.length;
  }

  /** Forgets everything. */
  clear(): void {
    this.#dueMs.length = 0;
    this.#items.length = 0;
  }

  /** Queues `item` for `dueMs`. */
  push(dueMs: number, item: Item): void {
    let at = this.#items.length;
    this.#dueMs.push(dueMs);
    this.#items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#dueMs[parent] <= dueMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, dueMs, item);
  }

  /** Takes out the earliest item that is due at `nowMs`; undefined if none is. */
  popDue(nowMs: number): Item | undefined {
    if (this.#items.length === 0 || this.#dueMs[0] > nowMs) return undefined;
    const top = this.#items[0];
    const dueMs = this.#dueMs.pop() as number;
    const item = this.#items.pop() as Item;
    if (this.#items.length > 0) this.#sink(dueMs, item);
    return top;
  }

  /** Drops all items that `keep` refuses. */
  retain(keep: (item: Item) => boolean): void {
    const dueMs = this.#dueMs.splice(0);
    const items = this.#items.splice(0);
    items.forEach((item, at) => keep(item) && this.push(dueMs[at], item));
  }

  /** Fills the hole at the root with `item`, moving it down to where it belongs. */
  #sink(dueMs: number, item: Item): void {
    const count = this.#items.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && this.#dueMs[child + 1] < this.#dueMs[child]) child++;
      if (this.#dueMs[child] >= dueMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, dueMs, item);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#dueMs[from], this.#items[from]);
  }

  #put(at: number, dueMs: number, item: Item): void {
    this.#dueMs[at] = dueMs;
    this.#items[at] = item;
  }
}
