import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { RegisterAction, RegisterOperation } from "./register.ts";
import { step } from "./register.ts";
import { linearizability } from "./search.ts";

function op(invokedMs: number, returnedMs: number, action: RegisterAction): RegisterOperation {
  return { invokedMs, returnedMs, action };
}
const write = (value: string | null): RegisterAction => ({ type: "write", value });
const read = (value: string | null): RegisterAction => ({ type: "read", value });
const swap = (
  expected: string | null,
  value: string,
  isDone?: boolean,
  found: string | null = null,
) =>
  ({ type: "swap", expected, value, found, ...(isDone === undefined ? {} : { isDone }) }) as const;

const GOOD: Record<string, RegisterOperation[]> = {
  "nothing": [],
  "one after the other": [op(0, 1, write("a")), op(2, 3, read("a")), op(4, 5, write("b"))],
  "a read of a key that was never written": [op(0, 1, read(null))],
  "a read beside a write sees it": [op(0, 10, write("a")), op(1, 2, read("a"))],
  "a read beside a write does not see it yet": [op(0, 10, write("a")), op(1, 2, read(null))],
  "two writes at once in either order": [
    op(0, 10, write("a")),
    op(0, 10, write("b")),
    op(11, 12, read("a")),
  ],
  "a lost write that happened much later": [
    op(0, Infinity, write("a")),
    op(1, 2, read(null)),
    op(3, 4, write("b")),
    op(5, 6, read("a")),
  ],
  "a lost write that never happened": [op(0, Infinity, write("a")), op(1, 2, read(null))],
  "a deletion": [op(0, 1, write("a")), op(2, 3, write(null)), op(4, 5, read(null))],
  "a swap that won beside one that lost": [
    op(0, 5, swap(null, "a", true)),
    op(0, 5, swap(null, "b", false, "a")),
    op(6, 7, read("a")),
  ],
  "a lost swap explains a read": [op(0, Infinity, swap(null, "a")), op(1, 2, read("a"))],
};

const BAD: Record<string, RegisterOperation[]> = {
  "a stale read": [op(0, 1, write("a")), op(2, 3, write("b")), op(4, 5, read("a"))],
  "a lost acknowledged write": [op(0, 1, write("a")), op(2, 3, read(null))],
  "a read of what nobody wrote": [op(0, 1, read("x"))],
  "a value that comes back": [
    op(0, 10, write("a")),
    op(0, 10, write("b")),
    op(11, 12, read("a")),
    op(13, 14, read("b")),
  ],
  "reads that go back beside one write": [
    op(0, 10, write("a")),
    op(1, 2, read("a")),
    op(3, 4, read(null)),
  ],
  "two swaps that both won": [op(0, 5, swap(null, "a", true)), op(0, 5, swap(null, "b", true))],
  "a write applied twice": [
    op(0, 1, write("a")),
    op(2, 3, write("b")),
    op(4, 5, read("b")),
    op(6, 7, read("a")),
  ],
  "a lost write seen before it was sent": [op(5, Infinity, write("a")), op(0, 1, read("a"))],
};

Deno.test("linearizability() accepts histories that some order explains", () => {
  for (const [name, history] of Object.entries(GOOD)) {
    assertEquals(linearizability(history), "linearizable", name);
  }
});

Deno.test("linearizability() refuses histories that no order explains", () => {
  for (const [name, history] of Object.entries(BAD)) {
    assertEquals(linearizability(history), "not linearizable", name);
  }
});

Deno.test("linearizability() gives up instead of searching for ever", () => {
  const history = Array.from({ length: 14 }, (_, i) => op(0, 100, write(`${i}`)));
  assertEquals(linearizability([...history, op(101, 102, read("x"))], null, 1_000), "given up");
});

/** All orders, tried one by one: slow, and obviously right. */
function isLinearizable(operations: readonly RegisterOperation[], value: string | null): boolean {
  if (operations.every(({ returnedMs }) => returnedMs === Infinity)) return true;
  const firstReturnMs = Math.min(...operations.map(({ returnedMs }) => returnedMs));
  return operations.some((next, i) => {
    if (next.invokedMs > firstReturnMs) return false;
    const after = step(value, next.action);
    return after !== undefined && isLinearizable(operations.filter((_, j) => j !== i), after);
  });
}

Deno.test("linearizability() agrees with trying all orders", () => {
  const values = fc.constantFrom("a", "b", null);
  const actions = fc.oneof(
    values.map(write),
    values.map(read),
    fc.tuple(values, fc.constantFrom("a", "b"), fc.boolean(), values)
      .map(([expected, value, isDone, found]) => swap(expected, value, isDone, found)),
  );
  const operation = fc.tuple(fc.nat(12), fc.nat(6), fc.boolean(), actions).map(
    ([at, length, isLost, action]) => {
      const isUnknown = isLost && action.type === "write";
      return op(at, isUnknown ? Infinity : at + length, action);
    },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 7 }), (history) => {
      const expected = isLinearizable(history, null) ? "linearizable" : "not linearizable";
      assertEquals(linearizability(history), expected);
    }),
    { numRuns: 400, seed: 1 },
  );
});
