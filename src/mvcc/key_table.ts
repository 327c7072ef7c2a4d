import { hashBytes } from "./key_hash.ts";
import { AT_KEY_BYTES, KEY_BYTES_MASK, RECORD_HEADER_BYTES } from "./record.ts";
import type { RevisionLog } from "./revision_log.ts";
import type { Segment } from "./segment.ts";

const CAPACITY_MIN = 64;

/**
 * All keys, each with a small number (its *entry*) that stays the same while the key is in the
 * index. An entry knows the address of the key's newest record and whether the key is alive there;
 * the key's bytes are read in that record and nowhere doubled. A hash table with open addressing
 * leads from key to entry.
 */
export class KeyTable {
  readonly #log: RevisionLog;
  readonly #seed: number;
  /** Pairs of (hash, entry + 1); 0 in the second marks a free place. */
  #places = new Uint32Array(CAPACITY_MIN * 2);
  #mask = CAPACITY_MIN - 1;
  /** Pairs of (slot of the segment, offset * 2 + alive). */
  #addresses = new Uint32Array(CAPACITY_MIN * 2);
  #entriesMade = 0;
  #freeEntries: number[] = [];

  /** @param seed Starts the hash; a store that serves strangers should be given a random one. */
  constructor(log: RevisionLog, seed: number) {
    this.#log = log;
    this.#seed = seed >>> 0;
  }

  /** How many keys there are, deleted ones that compaction has not yet met included. */
  get size(): number {
    return this.#entriesMade - this.#freeEntries.length;
  }

  /** The entry of a key, or -1. */
  find(key: Uint8Array): number {
    return this.#find(key, 0, key.length);
  }

  /** The entry of a record's key, or -1. */
  findRecord(segment: Segment, offset: number): number {
    const start = offset + RECORD_HEADER_BYTES;
    return this.#find(segment.bytes, start, start + segment.keyBytes(offset));
  }

  #find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, this.#seed, start, end);
    const places = this.#places;
    const mask = this.#mask;
    for (let place = hash & mask;; place = (place + 1) & mask) {
      const found = places[place * 2 + 1];
      if (found === 0) return -1;
      if (places[place * 2] === hash && this.#hasKey(found - 1, bytes, start, end)) {
        return found - 1;
      }
    }
  }

  #hasKey(entry: number, key: Uint8Array, from: number, end: number): boolean {
    const segment = this.segment(entry);
    const offset = this.offset(entry);
    const keyBytes = segment.view.getUint32(offset + AT_KEY_BYTES, true) & KEY_BYTES_MASK;
    if (keyBytes !== end - from) return false;
    const bytes = segment.bytes;
    const start = offset + RECORD_HEADER_BYTES;
    for (let i = 0; i < keyBytes; i++) if (bytes[start + i] !== key[from + i]) return false;
    return true;
  }

  /** Enters a key that is not there yet. Its newest record must be set next. */
  insert(key: Uint8Array): number {
    if (this.size * 4 >= (this.#mask + 1) * 3) this.#growPlaces();
    const entry = this.#freeEntries.pop() ?? this.#entriesMade++;
    if (entry * 2 === this.#addresses.length) this.#growAddresses();
    this.#place(hashBytes(key, this.#seed), entry);
    return entry;
  }

  #place(hash: number, entry: number): void {
    const places = this.#places;
    let place = hash & this.#mask;
    while (places[place * 2 + 1] !== 0) place = (place + 1) & this.#mask;
    places[place * 2] = hash;
    places[place * 2 + 1] = entry + 1;
  }

  #growPlaces(): void {
    const old = this.#places;
    this.#places = new Uint32Array(old.length * 2);
    this.#mask = old.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) this.#place(old[i], old[i + 1] - 1);
    }
  }

  #growAddresses(): void {
    // Half as much again: doubling a large table would reserve too much.
    const pairs = this.#addresses.length / 2;
    const grown = new Uint32Array((pairs + Math.max(CAPACITY_MIN, pairs >>> 1)) * 2);
    grown.set(this.#addresses);
    this.#addresses = grown;
  }

  /** Takes a key out. Its entry may come back as another key's. */
  remove(key: Uint8Array, entry: number): void {
    const places = this.#places;
    const mask = this.#mask;
    let hole = hashBytes(key, this.#seed) & mask;
    while (places[hole * 2 + 1] !== entry + 1) hole = (hole + 1) & mask;
    // Keys that had to go past the hole move back into it, so that no search ends too early.
    for (let place = (hole + 1) & mask; places[place * 2 + 1] !== 0; place = (place + 1) & mask) {
      const home = places[place * 2] & mask;
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        places[hole * 2] = places[place * 2];
        places[hole * 2 + 1] = places[place * 2 + 1];
        hole = place;
      }
    }
    places[hole * 2] = places[hole * 2 + 1] = 0;
    this.#freeEntries.push(entry);
  }

  /** Sets where a key's newest record is and whether it is alive there. */
  set(entry: number, segment: Segment, offset: number, alive: boolean): void {
    this.#addresses[entry * 2] = segment.slot;
    this.#addresses[entry * 2 + 1] = offset * 2 + (alive ? 1 : 0);
  }

  /** The segment of a key's newest record. */
  segment(entry: number): Segment {
    return this.#log.slot(this.#addresses[entry * 2]);
  }

  /** The offset of a key's newest record in its segment. */
  offset(entry: number): number {
    return this.#addresses[entry * 2 + 1] >>> 1;
  }

  /** 1 when the key's newest record is a value, 0 when it is a tombstone. */
  alive(entry: number): number {
    return this.#addresses[entry * 2 + 1] & 1;
  }

  /**
   * Has the processor load the newest records of many entries.
   *
   * Why: in a large store nearly every record is a cache miss. Loads that do not depend on each other
   * overlap, so asking for all first makes a range several times faster.
   */
  touch(entries: Uint32Array, count: number): number {
    const addresses = this.#addresses;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += addresses[entries[i] * 2];
    for (let i = 0; i < count; i++) {
      const place = entries[i] * 2;
      const { bytes } = this.#log.slot(addresses[place]);
      const offset = addresses[place + 1] >>> 1;
      // The header's first half, which may lie across two cache lines.
      sum += bytes[offset] + bytes[offset + 31];
    }
    return sum;
  }

  /** The order of an entry's key against `key`, both of which share their first `from` bytes. */
  compare(entry: number, key: Uint8Array, from: number): number {
    const segment = this.segment(entry);
    const offset = this.offset(entry);
    const bytes = segment.bytes;
    const keyBytes = segment.keyBytes(offset);
    const start = offset + RECORD_HEADER_BYTES;
    const shorter = keyBytes < key.length ? keyBytes : key.length;
    for (let i = from; i < shorter; i++) {
      const difference = bytes[start + i] - key[i];
      if (difference !== 0) return difference;
    }
    return keyBytes - key.length;
  }

  /** An entry's key, as a view into its newest record. */
  key(entry: number): Uint8Array {
    return this.segment(entry).key(this.offset(entry));
  }

  /** The four bytes of an entry's key from `from`, as {@linkcode keyHead} gives them. */
  head(entry: number, from: number): number {
    const segment = this.segment(entry);
    const start = this.offset(entry) + RECORD_HEADER_BYTES;
    return keyHead(segment.bytes, start + from, start + segment.keyBytes(this.offset(entry)));
  }
}

/** Four bytes as one number that orders as they do; bytes past `end` count as zero. */
export function keyHead(bytes: Uint8Array, from: number, end: number): number {
  if (from + 4 <= end) {
    return ((bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) |
      bytes[from + 3]) >>> 0;
  }
  let head = 0;
  for (let i = 0; i < 4; i++) head = (head << 8) | (from + i < end ? bytes[from + i] : 0);
  return head >>> 0;
}
