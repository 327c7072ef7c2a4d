import { assert } from "../base/assert.ts";
import { IntervalTree } from "./interval_tree.ts";
import { hashBytes } from "./key_hash.ts";
import type { Watcher } from "./watcher.ts";

interface KeyWatchers {
  readonly key: Uint8Array;
  readonly watchers: Watcher[];
}

/** Finds the watchers that a change to a key concerns; others cost nothing. */
export class WatcherIndex {
  /** Watchers of single keys by the hash of the key. */
  readonly #keys = new Map<number, KeyWatchers[]>();
  readonly #intervals = new IntervalTree<Watcher[]>();
  #size = 0;

  /** How many watchers there are. */
  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    assert(watcher.place < 0, "A watcher is in the index once");
    const list = this.#listFor(watcher);
    watcher.place = list.length;
    list.push(watcher);
    this.#size++;
  }

  #listFor(watcher: Watcher): Watcher[] {
    if (watcher.interval !== null) {
      let list = this.#intervals.get(watcher.interval);
      if (list === undefined) this.#intervals.set(watcher.interval, list = []);
      return list;
    }
    const { key } = watcher;
    const hash = keyHash(key, 0, key.length);
    let bucket = this.#keys.get(hash);
    if (bucket === undefined) this.#keys.set(hash, bucket = []);
    let entry = bucket.find((entry) => isAt(entry.key, key, 0, key.length));
    if (entry === undefined) bucket.push(entry = { key, watchers: [] });
    return entry.watchers;
  }

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
    if (list.length === 0) this.#dropList(watcher);
  }

  #dropList(watcher: Watcher): void {
    if (watcher.interval !== null) {
      this.#intervals.delete(watcher.interval);
      return;
    }
    const hash = keyHash(watcher.key, 0, watcher.key.length);
    const rest = this.#keys.get(hash)?.filter((entry) => entry.watchers.length > 0) ?? [];
    if (rest.length === 0) this.#keys.delete(hash);
    else this.#keys.set(hash, rest);
  }

  /** Calls `visit` with every watcher that watches the key `bytes[start, end)`. */
  match(bytes: Uint8Array, start: number, end: number, visit: (watcher: Watcher) => void): void {
    const bucket = this.#keys.size > 0 ? this.#keys.get(keyHash(bytes, start, end)) : undefined;
    if (bucket !== undefined) {
      for (const entry of bucket) {
        if (isAt(entry.key, bytes, start, end)) {
          for (const watcher of entry.watchers) visit(watcher);
        }
      }
    }
    if (this.#intervals.size === 0) return;
    this.#intervals.stab(bytes.subarray(start, end), (watchers) => {
      for (const watcher of watchers) visit(watcher);
    });
  }

  /** Every watcher, in no particular order. */
  all(): Watcher[] {
    const all: Watcher[] = [];
    for (const bucket of this.#keys.values()) {
      for (const { watchers } of bucket) all.push(...watchers);
    }
    this.#intervals.forEach((_, watchers) => all.push(...watchers));
    return all;
  }
}

/** 30 bits, so that it is a small integer to every engine. */
function keyHash(bytes: Uint8Array, start: number, end: number): number {
  return hashBytes(bytes, 0, start, end) >>> 2;
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}
