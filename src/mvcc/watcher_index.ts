import { assert } from "../base/assert.ts";
import { IntervalTree } from "./interval_tree.ts";
import { hashBytes } from "./key_hash.ts";
import type { Watcher } from "./watcher.ts";

const BUCKETS_MIN = 64;

/** The watchers of one key, in a chain with those of other keys in the same bucket. */
interface KeyWatchers {
  readonly key: Uint8Array;
  readonly hash: number;
  readonly watchers: Watcher[];
  next: KeyWatchers | null;
}

/** Finds the watchers that a change to a key concerns; others cost next to nothing. */
export class WatcherIndex {
  /**
   * Why not a Map from the hash: a key that nobody watches, the common case, mostly meets an empty
   * bucket here and is done after one load.
   */
  #buckets: (KeyWatchers | null)[] = new Array(BUCKETS_MIN).fill(null);
  #keyCount = 0;
  readonly #intervals = new IntervalTree<Watcher[]>();
  #size = 0;
  readonly #seed: number;

  /** @param seed Starts the hash of keys, as in a store. */
  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  /** How many watchers there are. */
  get size(): number {
    return this.#size;
  }

  /** Enters a watcher. */
  add(watcher: Watcher): void {
    assert(watcher.place < 0, "A watcher is in the index once");
    const list = this.#listFor(watcher);
    watcher.place = list.length;
    list.push(watcher);
    this.#size++;
  }

  #listFor({ key, interval }: Watcher): Watcher[] {
    if (interval !== null) {
      let list = this.#intervals.get(interval);
      if (list === undefined) this.#intervals.set(interval, list = []);
      return list;
    }
    const hash = hashBytes(key, this.#seed);
    const known = this.#find(hash, key, 0, key.length);
    if (known !== null) return known.watchers;
    if (++this.#keyCount * 2 > this.#buckets.length) this.#grow();
    const watchers: Watcher[] = [];
    this.#link({ key, hash, watchers, next: null });
    return watchers;
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): KeyWatchers | null {
    let entry = this.#buckets[hash & (this.#buckets.length - 1)];
    while (entry !== null) {
      if (entry.hash === hash && isAt(entry.key, bytes, start, end)) return entry;
      entry = entry.next;
    }
    return null;
  }

  #link(entry: KeyWatchers): void {
    const bucket = entry.hash & (this.#buckets.length - 1);
    entry.next = this.#buckets[bucket];
    this.#buckets[bucket] = entry;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array(old.length * 2).fill(null);
    for (let entry of old) {
      while (entry !== null) {
        const { next } = entry;
        this.#link(entry);
        entry = next;
      }
    }
  }

  /** Takes a watcher out, if it is there. */
  delete(watcher: Watcher): void {
    if (watcher.place < 0) return;
    const list = this.#listFor(watcher);
    const last = list.pop();
    assert(last !== undefined, "A watcher with a place is in a list");
    if (last !== watcher) {
      list[watcher.place] = last;
      last.place = watcher.place;
    }
    watcher.place = -1;
    this.#size--;
    if (list.length === 0) this.#dropList(watcher, list);
  }

  #dropList({ key, interval }: Watcher, list: Watcher[]): void {
    if (interval !== null) {
      this.#intervals.delete(interval);
      return;
    }
    const bucket = hashBytes(key, this.#seed) & (this.#buckets.length - 1);
    let previous: KeyWatchers | null = null;
    let entry = this.#buckets[bucket];
    while (entry !== null && entry.watchers !== list) {
      previous = entry;
      entry = entry.next;
    }
    assert(entry !== null, "A list of watchers is in the bucket of its key");
    if (previous === null) this.#buckets[bucket] = entry.next;
    else previous.next = entry.next;
    this.#keyCount--;
  }

  /** Appends to `found` every watcher that watches the key `bytes[start, end)`. */
  match(bytes: Uint8Array, start: number, end: number, found: Watcher[]): void {
    if (this.#keyCount > 0) {
      const entry = this.#find(hashBytes(bytes, this.#seed, start, end), bytes, start, end);
      if (entry !== null) append(found, entry.watchers);
    }
    if (this.#intervals.size === 0) return;
    this.#intervals.stab(bytes.subarray(start, end), (watchers) => append(found, watchers));
  }

  /** Every watcher, in no particular order. */
  all(): Watcher[] {
    const all: Watcher[] = [];
    for (let entry of this.#buckets) {
      for (; entry !== null; entry = entry.next) append(all, entry.watchers);
    }
    this.#intervals.forEach((_, watchers) => append(all, watchers));
    return all;
  }
}

/** Why not `push(...)`: its arguments go over the stack, which many watchers would overflow. */
function append(to: Watcher[], watchers: readonly Watcher[]): void {
  for (const watcher of watchers) to.push(watcher);
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}
