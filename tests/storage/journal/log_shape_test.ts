import { assertEquals, assertThrows } from "@std/assert";
import { InvariantError } from "../../../src/base/assert.ts";
import { LogShape } from "../../../src/storage/journal/log_shape.ts";
import { entriesFrom } from "../fixtures.ts";

function shapeOf(...frames: Array<[first: number, terms: number[]]>): LogShape {
  const shape = new LogShape();
  frames.forEach(([first, terms], i) => shape.append(i + 1, 1, first, entriesFrom(first, terms)));
  return shape;
}

function termsOf(shape: LogShape, through: number): Array<number | null> {
  return Array.from({ length: through }, (_, i) => shape.termAt(i + 1));
}

Deno.test("LogShape.append() replaces what was there from the first index on", () => {
  const shape = shapeOf([1, [1, 1, 2]], [4, [2, 2]], [3, [5]]);
  assertEquals(termsOf(shape, 5), [1, 1, 5, null, null]);
  assertEquals([shape.first, shape.last, shape.oldestFrame()], [1, 3, 1]);
  shape.append(4, 1, 1, entriesFrom(1, [6, 6]));
  assertEquals([shape.first, shape.last, shape.oldestFrame()], [1, 2, 4]);
});

Deno.test("LogShape.append() cuts the log off also without entries", () => {
  const shape = shapeOf([1, [1, 1, 2]]);
  assertEquals(shape.next, 4);
  shape.append(2, 1, 3, []);
  assertEquals([shape.last, shape.next], [2, 3]);
});

Deno.test("LogShape.append() refuses a gap", () => {
  const shape = shapeOf([1, [1, 1]]);
  assertEquals([shape.mayAppendAt(3), shape.mayAppendAt(4)], [true, false]);
  assertThrows(() => shape.append(2, 1, 4, entriesFrom(4, [1])), InvariantError, "gap");
});

Deno.test("LogShape.forgetBefore() lets go of frames that hold nothing else", () => {
  const shape = shapeOf([1, [1, 1]], [3, [1, 1]], [5, [2]]);
  shape.forgetBefore(4);
  assertEquals([shape.first, shape.oldestFrame(), shape.start], [4, 2, 4]);
  assertEquals(termsOf(shape, 5), [null, null, null, 1, 2]);
  shape.forgetBefore(2);
  assertEquals(shape.start, 4);
  shape.forgetBefore(9);
  assertEquals([shape.first, shape.last, shape.oldestFrame()], [null, null, null]);
  assertEquals([shape.mayAppendAt(8), shape.mayAppendAt(9)], [false, true]);
});

Deno.test("LogShape.dropIfContradicts() keeps a log that goes through the snapshot", () => {
  const rows = [
    { what: "same term", index: 2, term: 1, drops: false },
    { what: "other term", index: 2, term: 2, drops: true },
    { what: "last entry", index: 4, term: 3, drops: false },
    { what: "past the log", index: 5, term: 3, drops: true },
  ];
  for (const { what, index, term, drops } of rows) {
    const shape = shapeOf([1, [1, 1, 2, 3]]);
    assertEquals(shape.dropIfContradicts(index, term), drops, what);
    assertEquals(shape.start, drops ? index + 1 : 1, what);
  }
  const compacted = shapeOf([1, [1, 1, 2, 3]]);
  compacted.forgetBefore(3);
  assertEquals(compacted.dropIfContradicts(2, 9), false, "the log begins right after it");
});

Deno.test("LogShape.oldestFrame() keeps a replaced log until a frame says that it is replaced", () => {
  const shape = shapeOf([1, [1, 1]], [3, [1, 1]], [5, [1]]);
  shape.forgetBefore(3);
  assertEquals(shape.dropIfContradicts(4, 2), true);
  assertEquals(shape.oldestFrame(), 2);
  shape.append(4, 3, 6, []);
  assertEquals(shape.oldestFrame(), 2, "the frame was begun before the snapshot");
  shape.append(5, 5, shape.next, []);
  assertEquals(shape.oldestFrame(), null);
  shape.append(6, 5, 5, entriesFrom(5, [2]));
  assertEquals(shape.oldestFrame(), 6);
});
