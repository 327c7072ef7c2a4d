import { SeededPrng } from "../../../src/base/prng.ts";
import { type RegisterOperation, step } from "./register.ts";

/** What the search came to. */
export type Linearizability = "linearizable" | "not linearizable" | "given up";

/** A call or a return, in the order of time, in a list from which it is lifted and put back. */
interface Point {
  /** The operation's number; a call's `partner` is its return. */
  readonly operation: number;
  readonly partner: Point | null;
  previous: Point | null;
  next: Point | null;
}

/** Steps after which the search gives up: no history of our simulations comes near. */
const STEPS_MAX = 3_000_000;

/**
 * Whether one order of the operations on a key explains all answers and keeps to real time: an
 * operation that returned before another was called comes before it.
 *
 * The search of Wing and Gong with the memory of Lowe ("Testing for linearizability", 2016): it takes
 * one operation after the other that may be next, lifts it out of the history, and goes back where it
 * comes to a return that is not explained. A set of operations and the value that they lead to are
 * never tried twice.
 */
export function linearizability(
  operations: readonly RegisterOperation[],
  initial: string | null = null,
  stepsMax: number = STEPS_MAX,
): Linearizability {
  const head = historyOf(operations);
  const unanswered = operations.filter(({ returnedMs }) => returnedMs !== Infinity).length;
  const done = new DoneSet(operations.length);
  const tried = new Set<string>();
  const taken: { call: Point; value: string | null }[] = [];
  let value = initial;
  let answeredCount = 0;
  let point = head.next;
  for (let steps = 0; answeredCount < unanswered; steps++) {
    if (steps > stepsMax) return "given up";
    if (point !== null && point.partner !== null) {
      const { action, returnedMs } = operations[point.operation];
      const after = step(value, action);
      if (after !== undefined) {
        done.flip(point.operation);
        const key = `${done.text()}|${after}`;
        if (!tried.has(key)) {
          tried.add(key);
          taken.push({ call: point, value });
          value = after;
          if (returnedMs !== Infinity) answeredCount++;
          lift(point);
          point = head.next;
          continue;
        }
        done.flip(point.operation);
      }
      point = point.next;
    } else {
      // A return, or the end: what is taken so far leads nowhere.
      const last = taken.pop();
      if (last === undefined) return "not linearizable";
      value = last.value;
      done.flip(last.call.operation);
      if (operations[last.call.operation].returnedMs !== Infinity) answeredCount--;
      putBack(last.call);
      point = last.call.next;
    }
  }
  return "linearizable";
}

/** The operations as a list of calls and returns; at equal times calls come first. */
function historyOf(operations: readonly RegisterOperation[]): Point {
  const marks = operations.flatMap(({ invokedMs, returnedMs }, operation) => [
    { atMs: invokedMs, isReturn: 0, operation },
    { atMs: returnedMs, isReturn: 1, operation },
  ]);
  marks.sort((a, b) =>
    a.atMs === b.atMs ? a.isReturn - b.isReturn || a.operation - b.operation : a.atMs - b.atMs
  );
  const head: Point = { operation: -1, partner: null, previous: null, next: null };
  const returns = operations.map((_, operation): Point => ({
    operation,
    partner: null,
    previous: null,
    next: null,
  }));
  let last = head;
  for (const { isReturn, operation } of marks) {
    const ret = returns[operation];
    const point = isReturn === 1
      ? ret
      : { operation, partner: ret, previous: null, next: null } as Point;
    point.previous = last;
    last.next = point;
    last = point;
  }
  return head;
}

function lift(call: Point): void {
  for (const point of [call, call.partner as Point]) {
    if (point.previous !== null) point.previous.next = point.next;
    if (point.next !== null) point.next.previous = point.previous;
  }
}

function putBack(call: Point): void {
  for (const point of [call.partner as Point, call]) {
    if (point.previous !== null) point.previous.next = point;
    if (point.next !== null) point.next.previous = point;
  }
}

/** Which operations are taken, as two random words: equal sets have equal words, others hardly ever. */
class DoneSet {
  readonly #words: readonly (readonly [number, number])[];
  #a = 0;
  #b = 0;

  constructor(count: number) {
    const prng = new SeededPrng(count);
    const word = () => prng.between(0, 2 ** 32) | 0;
    this.#words = Array.from({ length: count }, () => [word(), word()]);
  }

  flip(operation: number): void {
    const [a, b] = this.#words[operation];
    this.#a ^= a;
    this.#b ^= b;
  }

  text(): string {
    return `${this.#a},${this.#b}`;
  }
}
