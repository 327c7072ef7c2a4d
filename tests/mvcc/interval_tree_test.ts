import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareBytes } from "../../src/base/bytes.ts";
import { IntervalTree } from "../../src/mvcc/interval_tree.ts";
import { type KeyInterval, keyInterval } from "../../src/mvcc/key_interval.ts";
import { bytesOf } from "../model/kv_model.ts";

const key = fc.array(fc.constantFrom("\0", "a", "b", "\xff"), { minLength: 1, maxLength: 3 })
  .map((chars) => bytesOf(chars.join("")));
const interval: fc.Arbitrary<KeyInterval> = fc.tuple(key, key).map(([start, end]) => {
  return keyInterval(start, end) ?? { start, end: null };
});

function nameOf({ start, end }: KeyInterval): string {
  return `${start}-${end}`;
}

function holds({ start, end }: KeyInterval, key: Uint8Array): boolean {
  return compareBytes(start, key) <= 0 && (end === null || compareBytes(key, end) < 0);
}

Deno.test("IntervalTree finds exactly the intervals around a key", () => {
  const step = fc.tuple(fc.constantFrom("set", "set", "delete"), interval);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), fc.array(key), (steps, keys) => {
      const tree = new IntervalTree<string>();
      const plain = new Map<string, KeyInterval>();
      for (const [what, interval] of steps) {
        if (what === "set") {
          tree.set(interval, nameOf(interval));
          plain.set(nameOf(interval), interval);
        } else {
          tree.delete(interval);
          plain.delete(nameOf(interval));
        }
      }
      assertEquals(tree.size, plain.size);
      const listed: string[] = [];
      tree.forEach((interval, value) => {
        assertEquals(value, nameOf(interval));
        assertEquals(tree.get(interval), value);
        listed.push(value);
      });
      assertEquals(listed.sort(), [...plain.keys()].sort());
      for (const key of keys) {
        const found: string[] = [];
        tree.stab(key, (value) => found.push(value));
        const expected = [...plain].filter(([, interval]) => holds(interval, key));
        assertEquals(found.sort(), expected.map(([name]) => name).sort());
        assertEquals(tree.covers(key), expected.length > 0);
      }
    }),
    { numRuns: 150 },
  );
});
