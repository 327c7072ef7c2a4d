import { compareBytes } from "../base/bytes.ts";
import { SeededPrng } from "../base/prng.ts";
import type { KeyInterval } from "./key_interval.ts";

interface Node<V> {
  readonly interval: KeyInterval;
  value: V;
  /** The greatest end in the subtree; null when one of its intervals has no end. */
  maxEnd: Uint8Array | null;
  readonly priority: number;
  left: Node<V> | null;
  right: Node<V> | null;
}

/**
 * A map from intervals of keys to values that finds the intervals around a key in O(log n + found).
 * It is a treap (Seidel and Aragon, 1996) ordered by start and end, with the greatest end of each
 * subtree beside.
 */
export class IntervalTree<V> {
  #root: Node<V> | null = null;
  #size = 0;
  readonly #prng = new SeededPrng(1);

  /** How many different intervals there are. */
  get size(): number {
    return this.#size;
  }

  /** The value of exactly this interval. */
  get(interval: KeyInterval): V | undefined {
    let node = this.#root;
    while (node !== null) {
      const order = compareIntervals(interval, node.interval);
      if (order === 0) return node.value;
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** Sets the value of an interval. */
  set(interval: KeyInterval, value: V): void {
    this.#root = this.#insert(this.#root, interval, value);
  }

  #insert(node: Node<V> | null, interval: KeyInterval, value: V): Node<V> {
    if (node === null) {
      this.#size++;
      const priority = this.#prng.next();
      return { interval, value, maxEnd: interval.end, priority, left: null, right: null };
    }
    const order = compareIntervals(interval, node.interval);
    if (order === 0) {
      node.value = value;
      return node;
    }
    if (order < 0) {
      node.left = this.#insert(node.left, interval, value);
      if (node.left.priority < node.priority) return rotateRight(node, node.left);
    } else {
      node.right = this.#insert(node.right, interval, value);
      if (node.right.priority < node.priority) return rotateLeft(node, node.right);
    }
    updateMaxEnd(node);
    return node;
  }

  /** Takes an interval out, if it is there. */
  delete(interval: KeyInterval): void {
    this.#root = this.#delete(this.#root, interval);
  }

  #delete(node: Node<V> | null, interval: KeyInterval): Node<V> | null {
    if (node === null) return null;
    const order = compareIntervals(interval, node.interval);
    if (order === 0) {
      this.#size--;
      return join(node.left, node.right);
    }
    if (order < 0) node.left = this.#delete(node.left, interval);
    else node.right = this.#delete(node.right, interval);
    updateMaxEnd(node);
    return node;
  }

  /** Calls `visit` with the value of every interval that holds `key`. */
  stab(key: Uint8Array, visit: (value: V) => void): void {
    stab(this.#root, key, (node) => {
      visit(node.value);
      return false;
    });
  }

  /** Whether an interval holds `key`. */
  covers(key: Uint8Array): boolean {
    return stab(this.#root, key, () => true);
  }

  /** Calls `visit` with every interval and its value, in order. */
  forEach(visit: (interval: KeyInterval, value: V) => void): void {
    forEach(this.#root, visit);
  }
}

/** Visits the nodes around a key until `visit` says that it is enough; tells whether it did. */
function stab<V>(
  node: Node<V> | null,
  key: Uint8Array,
  visit: (node: Node<V>) => boolean,
): boolean {
  while (node !== null) {
    // Everything below ends at or before the key.
    if (node.maxEnd !== null && compareBytes(node.maxEnd, key) <= 0) return false;
    if (stab(node.left, key, visit)) return true;
    // This interval, and all to its right, begin after the key.
    if (compareBytes(node.interval.start, key) > 0) return false;
    const { end } = node.interval;
    if ((end === null || compareBytes(key, end) < 0) && visit(node)) return true;
    node = node.right;
  }
  return false;
}

function forEach<V>(node: Node<V> | null, visit: (interval: KeyInterval, value: V) => void): void {
  if (node === null) return;
  forEach(node.left, visit);
  visit(node.interval, node.value);
  forEach(node.right, visit);
}

function compareIntervals(a: KeyInterval, b: KeyInterval): number {
  return compareBytes(a.start, b.start) || compareEnds(a.end, b.end);
}

/** No end is after every end. */
function compareEnds(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  return compareBytes(a, b);
}

function updateMaxEnd<V>(node: Node<V>): void {
  let maxEnd = node.interval.end;
  for (const child of [node.left, node.right]) {
    if (child !== null && compareEnds(child.maxEnd, maxEnd) > 0) maxEnd = child.maxEnd;
  }
  node.maxEnd = maxEnd;
}

function rotateRight<V>(node: Node<V>, left: Node<V>): Node<V> {
  node.left = left.right;
  left.right = node;
  updateMaxEnd(node);
  updateMaxEnd(left);
  return left;
}

function rotateLeft<V>(node: Node<V>, right: Node<V>): Node<V> {
  node.right = right.left;
  right.left = node;
  updateMaxEnd(node);
  updateMaxEnd(right);
  return right;
}

/** Joins two subtrees, all of whose intervals are in order. */
function join<V>(left: Node<V> | null, right: Node<V> | null): Node<V> | null {
  if (left === null) return right;
  if (right === null) return left;
  if (left.priority < right.priority) {
    left.right = join(left.right, right);
    updateMaxEnd(left);
    return left;
  }
  right.left = join(left, right.left);
  updateMaxEnd(right);
  return right;
}
