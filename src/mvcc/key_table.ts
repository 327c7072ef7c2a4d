import { assert } from "../base/assert.ts";
import { hashBytes } from "./key_hash.ts";
import { AT_KEY_BYTES, KEY_BYTES_MASK, RECORD_HEADER_BYTES } from "./record.ts";
import type { RevisionLog } from "./revision_log.ts";
import type { Segment } from "./segment.ts";

/** The table is cut into so many shards, each of which grows on its own: no growth takes long. */
const SHARDS = 256;
/** Which bits of a hash name the shard; the lowest ones name the place in it. */
const SHARD_SHIFT = 24;
/** A place is four words: hash, entry + 1 (0 when free), slot of the segment, offset * 2 + alive. */
const PLACE_SHIFT = 2;
const PLACE_WORDS = 1 << PLACE_SHIFT;
const PLACES_MIN = 4;
/** A shard without keys: one free place that ends every search. */
const NO_PLACES = new Uint32Array(PLACE_WORDS);
/** So many keys can be expected at a time. */
export const EXPECTED_MAX = 64;
/** Entries whose addresses are kept in one piece, so that no growth copies them. */
const PAGE_BITS = 12;
const PAGE_ENTRIES = 1 << PAGE_BITS;

/**
 * All keys, each with a small number (its *entry*) that stays the same while the key is in the
 * index. An entry knows the address of the key's newest record and whether the key is alive there;
 * the key's bytes are read in that record and nowhere doubled. A hash table with open addressing
 * leads from key to entry and, lest it takes another cache miss, to the address too.
 */
export class KeyTable {
  readonly #log: RevisionLog;
  readonly #seed: number;
  readonly #shards: Uint32Array[] = [];
  readonly #shardSizes = new Uint32Array(SHARDS);
  /** Pairs of (slot of the segment, offset * 2 + alive), by entry. */
  readonly #pages: Uint32Array[] = [];
  #entriesMade = 0;
  #freeEntries: number[] = [];
  /** The shard and the place in it that the last `find` or `insert` ended at. */
  #shard: Uint32Array;
  #place = 0;
  /** Hashes of the keys that are expected. */
  readonly #expected = new Uint32Array(EXPECTED_MAX);
  #expectedCount = 0;
  /** What touched memory held, so that no compiler drops the loads. */
  #touched = 0;

  /** @param seed Starts the hash; a store that serves strangers should be given a random one. */
  constructor(log: RevisionLog, seed: number) {
    this.#log = log;
    this.#seed = seed >>> 0;
    for (let i = 0; i < SHARDS; i++) this.#shards.push(NO_PLACES);
    this.#shard = NO_PLACES;
  }

  /** How many keys there are, deleted ones that compaction has not yet met included. */
  get size(): number {
    return this.#entriesMade - this.#freeEntries.length;
  }

  /** The entry of a key, or -1. Then `found...` and `set` are about this key. */
  find(key: Uint8Array): number {
    return this.#find(key, 0, key.length);
  }

  /** The entry of a record's key, or -1. Then `found...` and `set` are about this key. */
  findRecord(segment: Segment, offset: number): number {
    const start = offset + RECORD_HEADER_BYTES;
    return this.#find(segment.bytes, start, start + segment.keyBytes(offset));
  }

  #find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, this.#seed, start, end);
    const shard = this.#shards[hash >>> SHARD_SHIFT];
    const mask = shard.length - PLACE_WORDS;
    for (let place = (hash << PLACE_SHIFT) & mask;; place = (place + PLACE_WORDS) & mask) {
      const found = shard[place + 1];
      if (found === 0) return -1;
      if (shard[place] === hash && this.#hasKey(shard, place, bytes, start, end)) {
        this.#shard = shard;
        this.#place = place;
        return found - 1;
      }
    }
  }

  #hasKey(shard: Uint32Array, place: number, key: Uint8Array, from: number, end: number): boolean {
    const { bytes, view } = this.#log.slot(shard[place + 2]);
    const offset = shard[place + 3] >>> 1;
    const keyBytes = view.getUint32(offset + AT_KEY_BYTES, true) & KEY_BYTES_MASK;
    if (keyBytes !== end - from) return false;
    const start = offset + RECORD_HEADER_BYTES;
    for (let i = 0; i < keyBytes; i++) if (bytes[start + i] !== key[from + i]) return false;
    return true;
  }

  /** The segment of the newest record of the key that was found last. */
  get foundSegment(): Segment {
    return this.#log.slot(this.#shard[this.#place + 2]);
  }

  /** The offset of that record in its segment. */
  get foundOffset(): number {
    return this.#shard[this.#place + 3] >>> 1;
  }

  /** Whether that record is a value and no tombstone. */
  get foundAlive(): boolean {
    return (this.#shard[this.#place + 3] & 1) === 1;
  }

  /** Enters a key that is not there yet. Its newest record must be set next. */
  insert(key: Uint8Array): number {
    const hash = hashBytes(key, this.#seed);
    const number = hash >>> SHARD_SHIFT;
    let shard = this.#shards[number];
    if (++this.#shardSizes[number] * PLACE_WORDS * 4 > shard.length * 3) {
      shard = this.#shards[number] = grown(shard);
    }
    const entry = this.#freeEntries.pop() ?? this.#entriesMade++;
    if (entry >>> PAGE_BITS === this.#pages.length) {
      this.#pages.push(new Uint32Array(PAGE_ENTRIES * 2));
    }
    this.#shard = shard;
    this.#place = freePlace(shard, hash);
    shard[this.#place] = hash;
    shard[this.#place + 1] = entry + 1;
    return entry;
  }

  /** Takes a key out. Its entry may come back as another key's. */
  remove(key: Uint8Array, entry: number): void {
    const hash = hashBytes(key, this.#seed);
    const number = hash >>> SHARD_SHIFT;
    const shard = this.#shards[number];
    const mask = shard.length - PLACE_WORDS;
    let hole = (hash << PLACE_SHIFT) & mask;
    while (shard[hole + 1] !== entry + 1) hole = (hole + PLACE_WORDS) & mask;
    // Keys that had to go past the hole move back into it, so that no search ends too early.
    let place = (hole + PLACE_WORDS) & mask;
    for (; shard[place + 1] !== 0; place = (place + PLACE_WORDS) & mask) {
      const home = (shard[place] << PLACE_SHIFT) & mask;
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        shard.copyWithin(hole, place, place + PLACE_WORDS);
        hole = place;
      }
    }
    shard.fill(0, hole, hole + PLACE_WORDS);
    this.#shardSizes[number]--;
    this.#freeEntries.push(entry);
  }

  /** Sets where the newest record of the key found or inserted last is and whether it is alive. */
  set(entry: number, segment: Segment, offset: number, alive: boolean): void {
    const shard = this.#shard;
    const place = this.#place;
    assert(shard[place + 1] === entry + 1, "An address is set for the key found last");
    const page = this.#pages[entry >>> PAGE_BITS];
    const at = (entry & (PAGE_ENTRIES - 1)) * 2;
    page[at] = shard[place + 2] = segment.slot;
    page[at + 1] = shard[place + 3] = offset * 2 + (alive ? 1 : 0);
  }

  /** The segment of a key's newest record. */
  segment(entry: number): Segment {
    return this.#log.slot(this.#pages[entry >>> PAGE_BITS][(entry & (PAGE_ENTRIES - 1)) * 2]);
  }

  /** The offset of a key's newest record in its segment. */
  offset(entry: number): number {
    return this.#offsetAndAlive(entry) >>> 1;
  }

  /** 1 when the key's newest record is a value, 0 when it is a tombstone. */
  alive(entry: number): number {
    return this.#offsetAndAlive(entry) & 1;
  }

  #offsetAndAlive(entry: number): number {
    return this.#pages[entry >>> PAGE_BITS][(entry & (PAGE_ENTRIES - 1)) * 2 + 1];
  }

  /**
   * Has the processor load the newest records of many entries.
   *
   * Why: in a large store nearly every record is a cache miss. Loads that do not depend on each other
   * overlap, so asking for all first makes a range several times faster.
   */
  touch(entries: Uint32Array, count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#offsetAndAlive(entries[i]);
    for (let i = 0; i < count; i++) {
      const { bytes } = this.segment(entries[i]);
      const offset = this.offset(entries[i]);
      // The header's first half, which may lie across two cache lines.
      sum += bytes[offset] + bytes[offset + 31];
    }
    return sum;
  }

  /**
   * Takes note of a key that will be looked up soon, and has the processor load its place, for the
   * same reason. At most {@linkcode EXPECTED_MAX} keys are noted at a time.
   */
  expect(bytes: Uint8Array, start: number, end: number): void {
    const hash = hashBytes(bytes, this.#seed, start, end);
    const shard = this.#shards[hash >>> SHARD_SHIFT];
    this.#touched += shard[(hash << PLACE_SHIFT) & (shard.length - PLACE_WORDS)];
    this.#expected[this.#expectedCount++] = hash;
  }

  /** The same for the key of a record. */
  expectRecord(segment: Segment, offset: number): void {
    const start = offset + RECORD_HEADER_BYTES;
    this.expect(segment.bytes, start, start + segment.keyBytes(offset));
  }

  /** Has the processor load the newest records of the keys that are expected, and forgets them. */
  touchExpected(): void {
    let sum = 0;
    for (let i = 0; i < this.#expectedCount; i++) {
      const hash = this.#expected[i];
      const shard = this.#shards[hash >>> SHARD_SHIFT];
      const mask = shard.length - PLACE_WORDS;
      let place = (hash << PLACE_SHIFT) & mask;
      while (shard[place + 1] !== 0 && shard[place] !== hash) place = (place + PLACE_WORDS) & mask;
      if (shard[place + 1] === 0) continue;
      const { bytes } = this.#log.slot(shard[place + 2]);
      const offset = shard[place + 3] >>> 1;
      sum += this.#offsetAndAlive(shard[place + 1] - 1);
      sum += bytes[offset] + bytes[offset + RECORD_HEADER_BYTES];
    }
    this.#touched += sum;
    this.#expectedCount = 0;
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

function grown(shard: Uint32Array): Uint32Array {
  const larger = new Uint32Array(Math.max(PLACES_MIN * PLACE_WORDS, shard.length * 2));
  for (let from = 0; from < shard.length; from += PLACE_WORDS) {
    if (shard[from + 1] === 0) continue;
    const to = freePlace(larger, shard[from]);
    for (let i = 0; i < PLACE_WORDS; i++) larger[to + i] = shard[from + i];
  }
  return larger;
}

function freePlace(shard: Uint32Array, hash: number): number {
  const mask = shard.length - PLACE_WORDS;
  let place = (hash << PLACE_SHIFT) & mask;
  while (shard[place + 1] !== 0) place = (place + PLACE_WORDS) & mask;
  return place;
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
