import { EMPTY_BYTES } from "../base/bytes.ts";
import type { KeyInterval } from "./key_interval.ts";
import { keyHead, type KeyTable } from "./key_table.ts";
import { Inner, Leaf, NODE_CAPACITY, shortestSeparator } from "./key_tree_nodes.ts";

const MERGE_BELOW = NODE_CAPACITY / 4;
const MERGED_MAX = (NODE_CAPACITY * 3) / 4;

interface Split {
  separator: Uint8Array;
  right: Inner | Leaf;
  /** Keys alive in the right part. */
  alive: number;
}

/**
 * The keys in order: a B+tree over the entries of a {@linkcode KeyTable}. Inner nodes count the keys
 * that are alive below each child, so counting an interval costs two descents.
 *
 * A key keeps its place while it is deleted, for reads at old revisions; only compaction takes it
 * out. Overwriting a key does not touch the tree at all.
 */
export class KeyTree {
  readonly #table: KeyTable;
  #root: Inner | Leaf = new Leaf();

  constructor(table: KeyTable) {
    this.#table = table;
  }

  /** Enters an entry whose address in the table is already set. */
  insert(key: Uint8Array, entry: number): void {
    const alive = this.#table.alive(entry);
    const split = this.#insert(this.#root, key, entry, alive, null, null);
    if (split === null) return;
    const root = new Inner();
    root.insertAt(0, EMPTY_BYTES, this.#root, this.#aliveIn(this.#root));
    root.insertAt(1, split.separator, split.right, split.alive);
    this.#root = root;
  }

  #insert(
    node: Inner | Leaf,
    key: Uint8Array,
    entry: number,
    alive: number,
    low: Uint8Array | null,
    high: Uint8Array | null,
  ): Split | null {
    if (node instanceof Leaf) return this.#insertIntoLeaf(node, key, entry, low, high);
    const place = node.childOf(key);
    node.alive[place] += alive;
    const childLow = node.lowFence(place, low);
    const childHigh = node.highFence(place, high);
    const split = this.#insert(node.children[place], key, entry, alive, childLow, childHigh);
    if (split === null) return null;
    node.alive[place] -= split.alive;
    node.insertAt(place + 1, split.separator, split.right, split.alive);
    return node.count <= NODE_CAPACITY ? null : this.#splitInner(node, low, high);
  }

  #insertIntoLeaf(
    leaf: Leaf,
    key: Uint8Array,
    entry: number,
    low: Uint8Array | null,
    high: Uint8Array | null,
  ): Split | null {
    const place = leaf.lowerBound(this.#table, key);
    if (leaf.count < NODE_CAPACITY) {
      leaf.insertAt(place, entry, keyHead(key, leaf.prefix, key.length));
      return null;
    }
    // Keys that arrive in ascending order leave full leaves behind.
    const middle = place === leaf.count && leaf.next === null ? leaf.count : NODE_CAPACITY / 2;
    const right = new Leaf();
    right.prefix = leaf.prefix;
    right.append(leaf, middle);
    leaf.count = middle;
    right.next = leaf.next;
    leaf.next = right;
    const head = keyHead(key, leaf.prefix, key.length);
    if (place < middle || (place === middle && right.count > 0)) leaf.insertAt(place, entry, head);
    else right.insertAt(place - middle, entry, head);
    const table = this.#table;
    const separator = shortestSeparator(
      table.key(leaf.entry(leaf.count - 1)),
      table.key(right.entry(0)),
    );
    leaf.setFences(table, low, separator);
    right.setFences(table, separator, high);
    return { separator, right, alive: this.#aliveIn(right) };
  }

  #splitInner(node: Inner, low: Uint8Array | null, high: Uint8Array | null): Split {
    const middle = node.count >>> 1;
    const separator = node.separators[middle];
    const right = new Inner();
    right.setFences(separator, high);
    right.append(node, middle, EMPTY_BYTES);
    node.truncate(middle);
    node.setFences(low, separator);
    return { separator, right, alive: right.aliveTotal() };
  }

  #aliveIn(node: Inner | Leaf): number {
    return node instanceof Leaf ? this.#aliveBefore(node, node.count) : node.aliveTotal();
  }

  #aliveBefore(leaf: Leaf, place: number): number {
    let alive = 0;
    for (let i = 0; i < place; i++) alive += this.#table.alive(leaf.entry(i));
    return alive;
  }

  /** Notes that a key came alive again (+1) or died (-1). Called beside the table's `set`. */
  adjustAlive(key: Uint8Array, change: 1 | -1): void {
    let node = this.#root;
    while (node instanceof Inner) {
      const place = node.childOf(key);
      node.alive[place] += change;
      node = node.children[place];
    }
  }

  /** Takes out the entry of a key that is not alive. Its address must still be set. */
  remove(key: Uint8Array): void {
    this.#remove(this.#root, key, null, null);
    while (this.#root instanceof Inner && this.#root.count === 1) {
      this.#root = this.#root.children[0];
    }
  }

  #remove(
    node: Inner | Leaf,
    key: Uint8Array,
    low: Uint8Array | null,
    high: Uint8Array | null,
  ): void {
    if (node instanceof Leaf) {
      node.removeAt(node.lowerBound(this.#table, key));
      return;
    }
    const place = node.childOf(key);
    const child = node.children[place];
    this.#remove(child, key, node.lowFence(place, low), node.highFence(place, high));
    if (child.count < MERGE_BELOW) this.#mergeAt(node, place, low, high);
  }

  /** Joins a child that has become small with a neighbour, if both together are not too large. */
  #mergeAt(node: Inner, place: number, low: Uint8Array | null, high: Uint8Array | null): void {
    const leftPlace = place > 0 ? place - 1 : place;
    const rightPlace = leftPlace + 1;
    if (rightPlace >= node.count) return;
    const left = node.children[leftPlace];
    const right = node.children[rightPlace];
    if (left.count + right.count > MERGED_MAX) return;
    const newLow = node.lowFence(leftPlace, low);
    const newHigh = node.highFence(rightPlace, high);
    if (left instanceof Leaf && right instanceof Leaf) {
      left.append(right, 0);
      left.next = right.next;
      // The heads that came from the right were cut elsewhere: forget the prefix, so that all are
      // read anew.
      left.prefix = -1;
      left.setFences(this.#table, newLow, newHigh);
    } else if (left instanceof Inner && right instanceof Inner) {
      left.setFences(newLow, newHigh);
      left.append(right, 0, node.separators[rightPlace]);
    }
    node.alive[leftPlace] += node.alive[rightPlace];
    node.removeAt(rightPlace);
  }

  /** How many keys before `key` are alive. */
  rank(key: Uint8Array): number {
    let before = 0;
    let node = this.#root;
    while (node instanceof Inner) {
      const place = node.childOf(key);
      for (let i = 0; i < place; i++) before += node.alive[i];
      node = node.children[place];
    }
    return before + this.#aliveBefore(node, node.lowerBound(this.#table, key));
  }

  /** How many keys are alive. */
  get aliveCount(): number {
    return this.#aliveIn(this.#root);
  }

  /** A cursor over the entries of an interval. */
  range(interval: KeyInterval): TreeCursor {
    const [leaf, place] = this.#seek(interval.start);
    if (interval.end === null) return new TreeCursor(leaf, place, null, 0);
    const [stopLeaf, stopPlace] = this.#seek(interval.end);
    return new TreeCursor(leaf, place, stopLeaf, stopPlace);
  }

  #seek(key: Uint8Array): [Leaf, number] {
    let node = this.#root;
    while (node instanceof Inner) node = node.children[node.childOf(key)];
    return [node, node.lowerBound(this.#table, key)];
  }

  /** How many keys of an interval are alive. */
  countAlive(interval: KeyInterval): number {
    const upTo = interval.end === null ? this.aliveCount : this.rank(interval.end);
    return upTo - this.rank(interval.start);
  }
}

/**
 * Walks the entries of an interval in the order of their keys. Keys may die and come alive meanwhile,
 * but none may come in or go.
 */
export class TreeCursor {
  #leaf: Leaf;
  #place: number;
  readonly #stopLeaf: Leaf | null;
  readonly #stopPlace: number;

  constructor(leaf: Leaf, place: number, stopLeaf: Leaf | null, stopPlace: number) {
    this.#leaf = leaf;
    this.#place = place;
    this.#stopLeaf = stopLeaf;
    this.#stopPlace = stopPlace;
  }

  /** The next entry, or -1 at the end. */
  next(): number {
    for (;;) {
      if (this.#leaf === this.#stopLeaf && this.#place >= this.#stopPlace) return -1;
      if (this.#place < this.#leaf.count) return this.#leaf.entry(this.#place++);
      if (this.#leaf.next === null) return -1;
      this.#leaf = this.#leaf.next;
      this.#place = 0;
    }
  }
  /** Fills `entries` with the next ones. Gives how many there were. */
  fill(entries: Uint32Array): number {
    let count = 0;
    while (count < entries.length) {
      const entry = this.next();
      if (entry < 0) break;
      entries[count++] = entry;
    }
    return count;
  }
}
