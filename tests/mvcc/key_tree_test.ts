import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { EMPTY_BYTES } from "../../src/base/bytes.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import { keyInterval } from "../../src/mvcc/key_interval.ts";
import { KeyTable } from "../../src/mvcc/key_table.ts";
import { KeyTree } from "../../src/mvcc/key_tree.ts";
import { RevisionLog } from "../../src/mvcc/revision_log.ts";
import { bytesOf, text } from "../model/kv_model.ts";

const NO_LINKS = { prevMain: 0, prevSub: 0, jumpMain: 0, jumpSub: 0, depth: 0 };
const DRAFT = { sub: 0, createRevision: 2, version: 1, lease: 0n, ...NO_LINKS };

/** An index next to a plain sorted list of the same keys. */
class Bench {
  readonly table: KeyTable;
  readonly tree: KeyTree;
  readonly alive = new Map<string, boolean>();
  readonly #log = new RevisionLog();
  #main = 1;

  constructor(seed = 0) {
    this.table = new KeyTable(this.#log, seed);
    this.tree = new KeyTree(this.table);
  }

  #append(key: Uint8Array, tombstone: boolean): void {
    this.#log.append({ ...DRAFT, main: ++this.#main, tombstone }, key, EMPTY_BYTES);
  }

  put(name: string): void {
    const key = bytesOf(name);
    this.#append(key, false);
    const { segment, offset } = this.#log;
    let entry = this.table.find(key);
    if (entry >= 0) {
      this.table.set(entry, segment, offset, true);
      if (this.alive.get(name) === false) this.tree.adjustAlive(key, 1);
    } else {
      entry = this.table.insert(key);
      this.table.set(entry, segment, offset, true);
      this.tree.insert(key, entry);
    }
    this.alive.set(name, true);
  }

  /** Kills a key; kills it for good if it was dead. */
  remove(name: string): void {
    if (!this.alive.has(name)) return;
    const key = bytesOf(name);
    const entry = this.table.find(key);
    if (this.alive.get(name) === true) {
      this.#append(key, true);
      this.table.set(entry, this.#log.segment, this.#log.offset, false);
      this.tree.adjustAlive(key, -1);
      this.alive.set(name, false);
    } else {
      this.tree.remove(key);
      this.table.remove(key, entry);
      this.alive.delete(name);
    }
  }

  check(start: string, end: string): void {
    const interval = keyInterval(bytesOf(start), bytesOf(end));
    const expected = [...this.alive.keys()].sort()
      .filter((name) => name >= start && (end === "\0" || name < end));
    const found: string[] = [];
    if (interval !== null) {
      const cursor = this.tree.range(interval);
      for (let entry = cursor.next(); entry >= 0; entry = cursor.next()) {
        found.push(text(this.table.key(entry)));
      }
      const alive = expected.filter((name) => this.alive.get(name));
      assertEquals(this.tree.countAlive(interval), alive.length);
    }
    assertEquals(found.join(), expected.join());
    assertEquals(this.table.size, this.alive.size);
  }
}

/** Names from an alphabet of few bytes, the extremes among them, so that prefixes abound. */
const name = fc.array(fc.constantFrom("\0", "a", "b", "\xff"), { minLength: 1, maxLength: 7 })
  .map((chars) => chars.join(""));

Deno.test("KeyTree keeps any keys in order and counts those alive", () => {
  const step = fc.tuple(fc.constantFrom("put", "put", "remove"), name);
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 600, size: "max" }),
      name,
      name,
      (steps, start, end) => {
        const bench = new Bench();
        for (const [what, name] of steps) {
          if (what === "put") bench.put(name);
          else bench.remove(name);
        }
        bench.check("\0", "\0");
        bench.check(start, end);
        bench.check(start, "\0");
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("KeyTree grows to several levels and shrinks again", () => {
  for (const order of ["ascending", "descending", "random"]) {
    const bench = new Bench();
    const names = Array.from({ length: 4_000 }, (_, i) => `/registry/pods/${i}/state`);
    const prng = new SeededPrng(4);
    if (order === "random") names.sort(() => prng.next() - 0.5);
    if (order === "descending") names.reverse();
    for (const name of names) bench.put(name);
    bench.check("/registry/pods/7", "/registry/pods/71");
    bench.check("\0", "\0");
    for (let i = 0; i < names.length; i++) {
      if (i % 97 === 0) continue;
      bench.remove(names[i]);
      bench.remove(names[i]);
    }
    bench.check("\0", "\0");
    bench.check("/registry/pods/3", "/registry/pods/8");
    for (const name of names) bench.put(name);
    bench.check("\0", "\0");
    for (const name of names) {
      bench.remove(name);
      bench.remove(name);
    }
    bench.check("\0", "\0");
    bench.put("again");
    bench.check("\0", "\0");
  }
});

Deno.test("KeyTable finds keys whatever the seed of its hash", () => {
  for (const seed of [0, 1, 0xffffffff]) {
    const bench = new Bench(seed);
    for (let i = 0; i < 500; i++) bench.put(`${i}`);
    for (let i = 0; i < 500; i += 2) bench.remove(`${i}`);
    for (let i = 0; i < 500; i += 2) bench.remove(`${i}`);
    for (let i = 0; i < 500; i++) {
      const entry = bench.table.find(bytesOf(`${i}`));
      assertEquals(entry >= 0, i % 2 === 1);
      if (entry >= 0) assertEquals(text(bench.table.key(entry)), `${i}`);
    }
  }
});
