/**
 * Measures the store alone, on one core and without a disk:
 *
 *     deno run bench/mvcc_bench.ts [keys]
 *
 * Keys have 32 bytes and come in random order, values have 256. Figures are medians of rounds; the
 * rounds of the small and the large store alternate, so that what else the machine does hits both.
 * Time is the processor's, that of the collector's threads included, so that a busy machine shows
 * about the same as an idle one. What it costs to make the keys is measured and taken off.
 */

import process from "node:process";
import { EMPTY_BYTES } from "../src/base/bytes.ts";
import { ByteWriter } from "../src/base/byte_writer.ts";
import { SeededPrng } from "../src/base/prng.ts";
import { rangeRequest } from "../src/mvcc/requests.ts";
import { MvccStore } from "../src/mvcc/store.ts";
import { WatchHub } from "../src/mvcc/watch_hub.ts";
import type { WatchStream } from "../src/mvcc/watch_stream.ts";
import { encode } from "../src/proto/codec.ts";
import { RangeResponse } from "../src/proto/kv.ts";
import "../src/proto/server_half.ts";

const SMALL_KEYS = 10_000;
const ROUNDS = 7;
const HASH_STEP_BYTES = 1_048_576;
const PUTS = 100_000;
const GETS = 200_000;
const RANGES = 5_000;
const VALUE = new Uint8Array(256).fill(7);
const FROM_KEY = new Uint8Array(1);

const largeKeys = Number(Deno.args[0] ?? 1_000_000);

/** Writes keys into one buffer, as a decoder's views into a request that was just received. */
class Keys {
  readonly #count: number;
  readonly #prng = new SeededPrng(7);
  readonly #key: Uint8Array = new TextEncoder().encode("/registry/pods/0000000000-000000");

  constructor(count: number) {
    this.#count = count;
  }

  at(index: number): Uint8Array {
    this.#digits(15, 25, Math.imul(index, 2654435761) >>> 0);
    this.#digits(26, 32, index);
    return this.#key;
  }

  any(): Uint8Array {
    return this.at(this.#prng.between(0, this.#count));
  }

  #digits(from: number, to: number, value: number): void {
    for (let place = to - 1; place >= from; place--) {
      this.#key[place] = 0x30 + value % 10;
      value = Math.floor(value / 10);
    }
  }
}

function put(store: MvccStore, key: Uint8Array): void {
  const txn = store.begin();
  txn.put(key, VALUE, 0n);
  txn.end();
}

/** A filled store and what is done to it. */
class Subject {
  readonly store: MvccStore = new MvccStore();
  readonly keys: Keys;
  readonly insertNs: number;

  constructor(count: number) {
    this.keys = new Keys(count);
    this.insertNs = nsEach(count, (i) => put(this.store, this.keys.at(i)));
  }

  puts(): number {
    return this.#each(PUTS, (key) => put(this.store, key));
  }

  gets(): number {
    return this.#each(GETS, (key) => this.store.get(key));
  }

  ranges(): number {
    return this.#each(RANGES, (key) => {
      this.store.range(rangeRequest(key, FROM_KEY, { limit: 100 }));
    });
  }

  /** The same, with what it takes to have the answer's bytes. */
  encodedRanges(): number {
    const writer = new ByteWriter(1 << 16);
    return this.#each(RANGES, (key) => {
      const result = this.store.range(rangeRequest(key, FROM_KEY, { limit: 100 }));
      if (typeof result === "string") throw new Error(result);
      writer.reset();
      encode(RangeResponse, result, writer);
    });
  }

  #each(count: number, run: (key: Uint8Array) => void): number {
    const keysNs = nsEach(count, () => this.keys.any());
    return nsEach(count, () => run(this.keys.any())) - keysNs;
  }

  compact(): void {
    this.store.compact(this.store.revision);
    while (!this.store.compactStep(1e9));
  }
}

/** Processor time of one call, the average over `count`. */
function nsEach(count: number, run: (index: number) => void): number {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) run(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1e3 / count;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function show(what: string, text: string): void {
  // deno-lint-ignore no-console -- what a benchmark is for
  console.log(`${what.padEnd(46)} ${text}`);
}

function rate(ns: number): string {
  return `${Math.round(1e9 / ns).toLocaleString("en")}/s`;
}

function compareSizes(): Subject {
  const small = new Subject(SMALL_KEYS);
  const rssBefore = Deno.memoryUsage().rss;
  const large = new Subject(largeKeys);
  const rss = Deno.memoryUsage().rss - rssBefore;
  show(`insert ${largeKeys} keys`, rate(large.insertNs));
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  show("memory for them", `${megabytes(rss)}, of it segments ${megabytes(large.store.bytesTotal)}`);
  for (const what of ["puts", "gets", "ranges", "encodedRanges"] as const) {
    const [smallNs, largeNs, ratios]: number[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      smallNs.push(small[what]());
      largeNs.push(large[what]());
      ratios.push(largeNs[round] / smallNs[round]);
      small.compact();
    }
    const sides = `${rate(median(smallNs))} at ${SMALL_KEYS}, ${
      rate(median(largeNs))
    } at ${largeKeys}`;
    const name = {
      puts: "put over a key",
      gets: "get",
      ranges: "range of 100 keys",
      encodedRanges: "range of 100 keys, encoded",
    }[what];
    show(name, `${sides}, cost ratio ${median(ratios).toFixed(2)}`);
  }
  return large;
}

function upkeep({ store }: Subject): void {
  store.compact(store.revision);
  showSteps("compaction", () => store.compactStep(1));
  const start = performance.now();
  const { header, segments } = store.snapshot();
  show("snapshot", `${(performance.now() - start).toFixed(1)} ms, ${segments.length} segments`);
  const other = new MvccStore();
  const restore = other.beginRestore(header, segments.map(({ bytes }) => bytes));
  showSteps("restore", () => restore.step());
  show("its last step", `${(nsEach(1, () => other.endRestore(restore)) / 1e6).toFixed(1)} ms`);
  const hash = store.beginHash(0);
  showSteps("hash-kv", () => hash.step(HASH_STEP_BYTES) !== null);
}

/** Work that comes in steps, until one of them says that it is the last. */
function showSteps(what: string, step: () => boolean): void {
  const steps: number[] = [];
  for (let done = false; !done;) steps.push(nsEach(1, () => done = step()) / 1e6);
  const total = Math.round(steps.reduce((sum, ms) => sum + ms, 0));
  const [middle, worst] = [median(steps), Math.max(...steps)].map((ms) => ms.toFixed(1));
  show(what, `${total} ms in ${steps.length} steps of ${middle} ms, the longest ${worst} ms`);
}

function openWatches(hub: WatchHub, keys: Iterable<Uint8Array>): WatchStream[] {
  const streams: WatchStream[] = [];
  let stream = hub.openStream(() => {});
  let count = 0;
  for (const key of keys) {
    if (count++ % 100 === 0) streams.push(stream = hub.openStream(() => {}));
    stream.create({
      key,
      rangeEnd: EMPTY_BYTES,
      startRevision: 0,
      progressNotify: false,
      filters: [],
      prevKv: false,
      watchId: 0,
      fragment: false,
    });
    if (count % 100 === 0) { while (stream.take() !== null); }
  }
  return streams;
}

function* distinctKeys(keys: Keys, count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield keys.at(i).slice();
}

/** Puts to keys that nobody watches, among many watchers. */
function idleWatchers(): void {
  const [plain, watched] = [new Subject(SMALL_KEYS), new Subject(SMALL_KEYS)];
  const others = new Keys(200_000);
  const hub = new WatchHub(watched.store);
  const watchedKeys = [...distinctKeys(others, 100_000 + SMALL_KEYS)].slice(SMALL_KEYS);
  openWatches(hub, watchedKeys);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ratios.push(plain.puts() / watched.puts());
    for (const subject of [plain, watched]) subject.compact();
  }
  const share = Math.round(median(ratios) * 100);
  show(`puts beside ${hub.watcherCount} watchers of other keys`, `${share} % of those without`);
}

/** Puts each of which one of many watchers hears of, with the consumers' part. */
function busyWatchers(): void {
  const [plain, watched] = [new Subject(100_000), new Subject(100_000)];
  const hub = new WatchHub(watched.store);
  const ready = new Set<WatchStream>();
  const streams = openWatches(hub, distinctKeys(new Keys(100_000), 100_000));
  const drain = () => {
    for (const stream of ready) while (stream.take() !== null);
    ready.clear();
  };
  for (const stream of streams) while (stream.take() !== null) ready.add(stream);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const withoutNs = plain.puts();
    const withNs = nsEach(PUTS / 1000, () => {
      for (let i = 0; i < 1000; i++) put(watched.store, watched.keys.any());
      for (const stream of streams) if (stream.ready) ready.add(stream);
      drain();
    }) / 1000;
    ratios.push(withoutNs / withNs);
  }
  const share = Math.round(median(ratios) * 100);
  show("puts to 100000 watched keys, events taken", `${share} % of those without watchers`);
}

/** One put that many watchers hear of. */
function crowd(): void {
  const store = new MvccStore();
  const hub = new WatchHub(store);
  const key = new TextEncoder().encode("crowded");
  const streams = openWatches(hub, Array.from({ length: 10_000 }, () => key));
  for (const stream of streams) while (stream.take() !== null);
  const rounds = Array.from({ length: ROUNDS * 3 }, () => {
    return nsEach(1, () => {
      put(store, key);
      for (const stream of streams) while (stream.take() !== null);
    }) / 1e6;
  });
  show("one put to 10000 watchers, all taken", `${median(rounds).toFixed(1)} ms`);
}

if (largeKeys > 0) upkeep(compareSizes());
idleWatchers();
busyWatchers();
crowd();
