import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvariantError } from "../../src/base/assert.ts";
import { configurationOf } from "../../src/raft/configuration.ts";
import type { Entry } from "../../src/raft/entry.ts";
import { EMPTY_HARD_STATE } from "../../src/raft/hard_state.ts";
import { RaftLog } from "../../src/raft/log.ts";
import type { SnapshotMeta } from "../../src/raft/snapshot.ts";
import { entries } from "./harness/builders.ts";

const configuration = configurationOf([1n]);

/** A log whose entries from index 1 on have these terms, all durable. */
function log(...terms: number[]): RaftLog {
  return recovered(entries(1, ...terms));
}

function recovered(
  entries: Entry[],
  snapshot: SnapshotMeta | null = null,
  commit = 0,
): RaftLog {
  return new RaftLog({
    hardState: { ...EMPTY_HARD_STATE, commit },
    snapshot,
    entries,
    configuration,
  });
}

function terms(log: RaftLog): (number | undefined)[] {
  const length = log.lastIndex - log.firstIndex + 1;
  return Array.from({ length }, (_, i) => log.termAt(log.firstIndex + i));
}

Deno.test("RaftLog starts empty", () => {
  const empty = log();
  assertEquals([empty.firstIndex, empty.lastIndex, empty.lastTerm], [1, 0, 0]);
  assertEquals(empty.termAt(0), 0);
  assertEquals(empty.termAt(1), undefined);
});

Deno.test("RaftLog recovers entries after, around and without a snapshot", () => {
  const snapshot: SnapshotMeta = { index: 4, term: 2, configuration };
  const after = recovered(entries(5, 2, 3), snapshot);
  assertEquals([after.firstIndex, after.lastIndex, after.termAt(4)], [5, 6, 2]);
  const around = recovered(entries(3, 2, 2, 2, 3), snapshot);
  // The entry before the first is unknown, so the first itself becomes the point to start from.
  assertEquals([around.firstIndex, around.lastIndex, around.termAt(3)], [4, 6, 2]);
  assertEquals([around.applied, around.commit], [4, 4]);
  const whole = recovered(entries(1, 1, 1, 2, 2, 3), snapshot);
  assertEquals([whole.firstIndex, whole.lastIndex, whole.termAt(0)], [1, 5, 0]);
  const bare = recovered([], snapshot);
  assertEquals([bare.firstIndex, bare.lastIndex, bare.lastTerm], [5, 4, 2]);
});

Deno.test("RaftLog refuses to start from a log that has lost committed entries", () => {
  assertThrows(() => recovered(entries(1, 1, 1), null, 3), InvariantError, "ends at 2");
  const snapshot: SnapshotMeta = { index: 2, term: 2, configuration };
  assertThrows(() => recovered(entries(1, 1, 1), snapshot), InvariantError, "does not fit");
});

Deno.test("RaftLog.merge() cuts off only at a real conflict", () => {
  const rows: { have: number[]; prev: number; add: number[]; expect: number[]; cut: boolean }[] = [
    { have: [1, 1, 2], prev: 3, add: [2, 2], expect: [1, 1, 2, 2, 2], cut: false },
    { have: [1, 1, 2], prev: 0, add: [1, 1], expect: [1, 1, 2], cut: false },
    { have: [1, 1, 2], prev: 1, add: [], expect: [1, 1, 2], cut: false },
    { have: [1, 1, 2], prev: 1, add: [1, 3], expect: [1, 1, 3], cut: true },
    { have: [1, 1, 2, 2], prev: 1, add: [3], expect: [1, 3], cut: true },
    { have: [1, 1, 2], prev: 1, add: [1, 2, 2], expect: [1, 1, 2, 2], cut: false },
  ];
  for (const { have, prev, add, expect, cut } of rows) {
    const merged = log(...have);
    assertEquals(merged.merge(entries(prev + 1, ...add)), cut);
    assertEquals(terms(merged), expect);
  }
});

Deno.test("RaftLog.merge() never replaces a committed entry", () => {
  const committed = log(1, 1, 1);
  committed.commitTo(2);
  assertThrows(() => committed.merge(entries(2, 2)), InvariantError, "committed");
  assertEquals(terms(committed), [1, 1, 1]);
});

Deno.test("RaftLog.commitTo() never falls, and stops at a log that is too short", () => {
  const short = log(1, 1);
  short.commitTo(2);
  short.commitTo(1);
  assertEquals(short.commit, 2);
  assertThrows(() => short.commitTo(3), InvariantError, "lost entries");
});

Deno.test("RaftLog.slice() is bounded by bytes but gives at least one entry", () => {
  const sizes = log(1, 1, 1, 1);
  // Each entry counts with its 3 bytes of payload and 16 of overhead.
  for (const [bytes, count] of [[1, 1], [19, 1], [37, 1], [38, 2], [1000, 4]]) {
    assertEquals(sizes.slice(1, bytes).length, count, `${bytes} bytes`);
  }
  assertEquals(sizes.slice(5, 1000), []);
  assertEquals(sizes.slice(3, 1000, 3).map(({ index }) => index), [3]);
});

Deno.test("RaftLog.lastPossibleMatch() skips what cannot match", () => {
  const rows: { have: number[]; index: number; term: number; expect: [number, number] }[] = [
    { have: [1, 3, 3, 3, 5, 5], index: 6, term: 2, expect: [1, 1] },
    { have: [1, 3, 3, 4, 4, 5], index: 6, term: 3, expect: [3, 3] },
    { have: [1, 1], index: 9, term: 7, expect: [2, 1] },
    { have: [2, 2], index: 2, term: 1, expect: [0, 0] },
    { have: [], index: 3, term: 1, expect: [0, 0] },
  ];
  for (const { have, index, term, expect } of rows) {
    const [foundIndex, foundTerm] = expect;
    assertEquals(log(...have).lastPossibleMatch(index, term), {
      index: foundIndex,
      term: foundTerm,
    });
  }
});

Deno.test("RaftLog.compact() keeps the term at the compacted index", () => {
  const compacted = log(1, 1, 2, 3);
  compacted.commitTo(3);
  compacted.takeCommitted(1000);
  compacted.appliedTo(3);
  compacted.compact(3);
  assertEquals([compacted.firstIndex, compacted.termAt(3), compacted.termAt(2)], [4, 2, undefined]);
  compacted.compact(1);
  assertEquals(compacted.firstIndex, 4);
  assertThrows(() => compacted.compact(4), InvariantError, "before it is applied");
  assertThrows(() => compacted.slice(3, 10), InvariantError, "compacted");
});

Deno.test("RaftLog.takeCommitted() hands out only what is durable here, each entry once", () => {
  const slow = log(1);
  for (const entry of entries(2, 1, 1)) slow.push(entry);
  slow.commitTo(3);
  assertEquals(slow.takeCommitted(1000).map(({ index }) => index), [1]);
  assertEquals(slow.hasCommitted, false);
  slow.takeUnwritten();
  slow.confirmWritten(null);
  assertEquals(slow.takeCommitted(20).map(({ index }) => index), [2]);
  assertEquals(slow.takeCommitted(1000).map(({ index }) => index), [3]);
  assertThrows(() => slow.appliedTo(4), InvariantError, "not handed out");
});

Deno.test("RaftLog.confirmWritten() does not count entries that were replaced meanwhile", () => {
  const racing = log(1);
  racing.merge(entries(2, 2, 2));
  racing.takeUnwritten();
  // While the write is under way, another leader replaces the entries and the first one returns.
  racing.merge(entries(2, 3));
  racing.merge(entries(2, 4));
  racing.confirmWritten(null);
  assertEquals(racing.stable, 1);
  assertEquals(racing.takeUnwritten().map(({ term }) => term), [4]);
  racing.confirmWritten(null);
  assertEquals(racing.stable, 2);
});

Deno.test("RaftLog keeps its durable index true to a storage that writes late", () => {
  // The second opinion is the storage itself: what it holds below `stable` must equal the log.
  const step = fc.oneof(
    fc.record({
      do: fc.constant("merge"),
      prev: fc.nat(12),
      count: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ do: fc.constantFrom("take", "confirm"), prev: fc.nat(0), count: fc.nat(0) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const made = log();
    const disk: number[] = [];
    let writing: Entry[] | null = null;
    let term = 0;
    for (const { do: what, prev, count } of steps) {
      if (what === "merge" && prev <= made.lastIndex) {
        term++;
        made.merge(entries(prev + 1, ...Array.from({ length: count }, () => term)));
      } else if (what === "take" && writing === null && made.hasUnwritten) {
        writing = made.takeUnwritten();
      } else if (what === "confirm" && writing !== null) {
        if (writing.length > 0) disk.length = writing[0].index - 1;
        for (const entry of writing) disk.push(entry.term);
        made.confirmWritten(null);
        writing = null;
      }
      assertEquals(disk.slice(0, made.stable), terms(made).slice(0, made.stable));
    }
  }));
});
