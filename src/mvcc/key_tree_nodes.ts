import { EMPTY_BYTES } from "../base/bytes.ts";
import { keyHead, type KeyTable } from "./key_table.ts";

/** The most entries of a leaf and the most children of an inner node. */
export const NODE_CAPACITY = 64;

/**
 * A leaf: entries in the order of their keys. Each has a head, four bytes of its key after `prefix`,
 * the bytes that all keys which can ever come here have in common, so that most comparisons of a
 * search stay within the leaf.
 */
export class Leaf {
  count = 0;
  prefix = 0;
  next: Leaf | null = null;
  /** All heads, then all entries: one piece of memory, since each is a cache miss of its own. */
  readonly #words = new Uint32Array(NODE_CAPACITY * 2);

  /** The entry at a place. */
  entry(place: number): number {
    return this.#words[NODE_CAPACITY + place];
  }

  /** The place of the first entry whose key is at or after `key`. */
  lowerBound(table: KeyTable, key: Uint8Array): number {
    const head = keyHead(key, this.prefix, key.length);
    const words = this.#words;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let order = words[middle] - head;
      if (order === 0) order = table.compare(words[NODE_CAPACITY + middle], key, this.prefix);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insertAt(place: number, entry: number, head: number): void {
    const words = this.#words;
    words.copyWithin(place + 1, place, this.count);
    words.copyWithin(NODE_CAPACITY + place + 1, NODE_CAPACITY + place, NODE_CAPACITY + this.count);
    words[place] = head;
    words[NODE_CAPACITY + place] = entry;
    this.count++;
  }

  removeAt(place: number): void {
    const words = this.#words;
    words.copyWithin(place, place + 1, this.count);
    words.copyWithin(NODE_CAPACITY + place, NODE_CAPACITY + place + 1, NODE_CAPACITY + this.count);
    this.count--;
  }

  /** Takes over the entries of another leaf from `from` on. The caller sets the prefix after. */
  append(other: Leaf, from: number): void {
    const words = other.#words;
    const end = NODE_CAPACITY + other.count;
    this.#words.set(words.subarray(from, other.count), this.count);
    this.#words.set(words.subarray(NODE_CAPACITY + from, end), NODE_CAPACITY + this.count);
    this.count += other.count - from;
  }

  /** Sets what all keys between the fences have in common. */
  setFences(table: KeyTable, low: Uint8Array | null, high: Uint8Array | null): void {
    const prefix = commonPrefix(low, high);
    if (prefix === this.prefix) return;
    this.prefix = prefix;
    for (let i = 0; i < this.count; i++) this.#words[i] = table.head(this.entry(i), prefix);
  }
}

/**
 * An inner node. Child i holds the keys from `separators[i]` up to `separators[i + 1]`; the first
 * separator is unused. Separators are bytes of their own, as short as they can be, so they outlive
 * the keys that they were made from.
 */
export class Inner {
  count = 0;
  prefix = 0;
  readonly children: (Inner | Leaf)[] = [];
  readonly separators: Uint8Array[] = [];
  readonly heads = new Uint32Array(NODE_CAPACITY + 1);
  /** How many keys that are alive each child holds. */
  readonly alive = new Uint32Array(NODE_CAPACITY + 1);

  /** The place of the child that `key` belongs to. */
  childOf(key: Uint8Array): number {
    const head = keyHead(key, this.prefix, key.length);
    const heads = this.heads;
    let low = 1;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let order = heads[middle] - head;
      if (order === 0) order = compareFrom(this.separators[middle], key, this.prefix);
      if (order <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  lowFence(place: number, low: Uint8Array | null): Uint8Array | null {
    return place === 0 ? low : this.separators[place];
  }

  highFence(place: number, high: Uint8Array | null): Uint8Array | null {
    return place + 1 === this.count ? high : this.separators[place + 1];
  }

  insertAt(place: number, separator: Uint8Array, child: Inner | Leaf, alive: number): void {
    this.children.splice(place, 0, child);
    this.separators.splice(place, 0, separator);
    this.heads.copyWithin(place + 1, place, this.count);
    this.alive.copyWithin(place + 1, place, this.count);
    this.heads[place] = keyHead(separator, this.prefix, separator.length);
    this.alive[place] = alive;
    this.count++;
  }

  removeAt(place: number): void {
    this.children.splice(place, 1);
    this.separators.splice(place, 1);
    this.heads.copyWithin(place, place + 1, this.count);
    this.alive.copyWithin(place, place + 1, this.count);
    this.count--;
  }

  /** Takes over the children of another node from `from` on; `separator` goes before the first. */
  append(other: Inner, from: number, separator: Uint8Array): void {
    for (let i = from; i < other.count; i++) {
      const bytes = i === from ? separator : other.separators[i];
      this.insertAt(this.count, bytes, other.children[i], other.alive[i]);
    }
  }

  /** Cuts the node down to its first `count` children. */
  truncate(count: number): void {
    this.children.length = count;
    this.separators.length = count;
    this.count = count;
  }

  aliveTotal(): number {
    let total = 0;
    for (let i = 0; i < this.count; i++) total += this.alive[i];
    return total;
  }

  setFences(low: Uint8Array | null, high: Uint8Array | null): void {
    const prefix = commonPrefix(low, high);
    if (prefix === this.prefix) return;
    this.prefix = prefix;
    for (let i = 1; i < this.count; i++) {
      this.heads[i] = keyHead(this.separators[i], prefix, this.separators[i].length);
    }
  }
}

/** The shortest bytes that are after `left` and not after `right`, which is the greater key. */
export function shortestSeparator(left: Uint8Array, right: Uint8Array): Uint8Array {
  return right.slice(0, commonPrefix(left, right) + 1);
}

/** How many first bytes two fences share; an open fence shares none. */
function commonPrefix(low: Uint8Array | null, high: Uint8Array | null): number {
  const a = low ?? EMPTY_BYTES;
  const b = high ?? EMPTY_BYTES;
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

function compareFrom(a: Uint8Array, b: Uint8Array, from: number): number {
  const shorter = a.length < b.length ? a.length : b.length;
  for (let i = from; i < shorter; i++) {
    const difference = a[i] - b[i];
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
