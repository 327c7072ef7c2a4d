import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { PROPOSER_WINDOW, ProposerTable } from "../../src/machine/proposer_table.ts";
import { restoredFrom, snapshotOf } from "./round_trip.ts";

Deno.test("ProposerTable.admit() admits each number once, in any order within the window", () => {
  const table = new ProposerTable();
  for (const number of [3, 1, 2, 40, 39, 33]) assertEquals(table.admit(1n, 1, number), true);
  for (const number of [3, 1, 2, 40, 39, 33]) assertEquals(table.admit(1n, 1, number), false);
  assertEquals(table.admit(1n, 1, 4), true);
});

Deno.test("ProposerTable.admit() takes what is older than the window as applied", () => {
  const table = new ProposerTable();
  assertEquals(table.admit(1n, 1, PROPOSER_WINDOW + 1), true);
  assertEquals(table.admit(1n, 1, 1), false);
  assertEquals(table.admit(1n, 1, 2), true);
  assertEquals(table.admit(1n, 1, 10 * PROPOSER_WINDOW), true);
  assertEquals(table.admit(1n, 1, 9 * PROPOSER_WINDOW), false);
  assertEquals(table.admit(1n, 1, 9 * PROPOSER_WINDOW + 1), true);
});

Deno.test("ProposerTable.admit() clears the places of numbers that come into the window", () => {
  for (const newest of [PROPOSER_WINDOW + 2, PROPOSER_WINDOW + 300]) {
    const table = new ProposerTable();
    for (const number of [1, 600, newest]) assertEquals(table.admit(1n, 1, number), true);
    // This number has the place that the first one had.
    assertEquals(table.admit(1n, 1, PROPOSER_WINDOW + 1), true);
    assertEquals(table.admit(1n, 1, 600), false);
  }
});

Deno.test("ProposerTable.admit() starts anew with a new incarnation and drops an old one", () => {
  const table = new ProposerTable();
  table.admit(1n, 2, 7);
  assertEquals(table.admit(1n, 1, 8), false);
  assertEquals(table.admit(1n, 3, 7), true);
  assertEquals(table.admit(1n, 3, 7), false);
  assertEquals(table.admit(1n, 2, 9), false);
});

Deno.test("ProposerTable.admit() keeps origins apart and always admits what has none", () => {
  const table = new ProposerTable();
  assertEquals([table.admit(1n, 1, 1), table.admit(2n, 1, 1)], [true, true]);
  assertEquals([table.admit(0n, 1, 1), table.admit(0n, 1, 1)], [true, true]);
  assertEquals(table.size, 2);
  table.forget(2n);
  assertEquals(table.size, 1);
});

Deno.test("ProposerTable agrees with a set of numbers, also after snapshot and restore", () => {
  const step = fc.record({
    origin: fc.bigInt(1n, 2n),
    incarnation: fc.integer({ min: 1, max: 2 }),
    // A window apart, so that numbers share their places in the ring.
    number: fc.record({ place: fc.integer({ min: 1, max: 4 }), lap: fc.nat(3) })
      .map(({ place, lap }) => place + lap * PROPOSER_WINDOW),
    restart: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    let table = new ProposerTable();
    const known = new Map<bigint, { incarnation: number; applied: Set<number> }>();
    for (const { origin, incarnation, number, restart } of steps) {
      if (restart) table = restoredFrom(table, new ProposerTable());
      let proposer = known.get(origin);
      if (proposer === undefined || incarnation > proposer.incarnation) {
        proposer = { incarnation, applied: new Set() };
        known.set(origin, proposer);
      }
      const isNew = incarnation === proposer.incarnation && !proposer.applied.has(number) &&
        number > Math.max(0, ...proposer.applied) - PROPOSER_WINDOW;
      assertEquals(table.admit(origin, incarnation, number), isNew);
      if (isNew) proposer.applied.add(number);
    }
    assertEquals(snapshotOf(restoredFrom(table, new ProposerTable())), snapshotOf(table));
  }));
});
