import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Inflights } from "../../src/raft/inflights.ts";
import { Progress } from "../../src/raft/progress.ts";

function progress(match: number, next: number): Progress {
  const made = new Progress(next, 0, new Inflights(3, 1000));
  made.match = match;
  return made;
}

Deno.test("Inflights is full by messages or by bytes, and frees what is answered", () => {
  const window = new Inflights(3, 100);
  window.add(4, 10);
  window.add(9, 85);
  assertEquals([window.count, window.bytes, window.full], [2, 95, false]);
  // One message past the limit of bytes is let through.
  window.add(10, 50);
  assertEquals([window.bytes, window.full], [145, true]);
  window.freeThrough(3);
  assertEquals(window.count, 3);
  window.freeThrough(9);
  assertEquals([window.count, window.bytes, window.full], [1, 50, false]);
  window.freeThrough(20);
  assertEquals([window.count, window.bytes], [0, 0]);
});

Deno.test("Inflights counts like a plain list of messages", () => {
  const op = fc.record({ grow: fc.integer({ min: 1, max: 4 }), free: fc.boolean() });
  fc.assert(fc.property(fc.array(op, { maxLength: 300 }), (ops) => {
    const window = new Inflights(1_000, 1_000_000);
    let model: { index: number; bytes: number }[] = [];
    let [last, freed] = [0, 0];
    for (const { grow, free } of ops) {
      if (free) {
        freed = Math.min(last, freed + grow);
        window.freeThrough(freed);
        model = model.filter(({ index }) => index > freed);
      } else {
        last += grow;
        window.add(last, grow * 7);
        model.push({ index: last, bytes: grow * 7 });
      }
      assertEquals(window.count, model.length);
      assertEquals(window.bytes, model.reduce((sum, { bytes }) => sum + bytes, 0));
    }
  }));
});

Deno.test("Progress.sentAppend() pauses a probe at once and a replication when the window is full", () => {
  const probe = progress(3, 5);
  probe.sentAppend(1, 10, 0);
  assertEquals([probe.paused, probe.next], [true, 5]);
  const replicate = progress(3, 5);
  replicate.becomeReplicate();
  assertEquals(replicate.next, 4);
  for (const next of [6, 8, 10]) {
    assertEquals(replicate.paused, false);
    replicate.sentAppend(2, 10, 0);
    assertEquals(replicate.next, next);
  }
  assertEquals(replicate.paused, true);
});

Deno.test("Progress.maybeUpdate() never lets match fall or reach next", () => {
  const made = progress(3, 5);
  for (
    const [index, news, match, next] of [[2, 0, 3, 5], [3, 0, 3, 5], [4, 1, 4, 5], [9, 1, 9, 10]]
  ) {
    assertEquals(made.maybeUpdate(index), news === 1);
    assertEquals([made.match, made.next], [match, next]);
  }
});

Deno.test("Progress.maybeDecrease() goes back by the hint, never to match, and ignores late answers", () => {
  const rows: { match: number; next: number; rejected: number; hint: number; expect: number }[] = [
    { match: 0, next: 10, rejected: 9, hint: 5, expect: 6 },
    { match: 0, next: 10, rejected: 9, hint: 20, expect: 9 },
    { match: 7, next: 10, rejected: 9, hint: 2, expect: 8 },
    { match: 0, next: 10, rejected: 5, hint: 2, expect: 10 },
    { match: 9, next: 10, rejected: 9, hint: 2, expect: 10 },
    { match: 0, next: 2, rejected: 1, hint: 0, expect: 1 },
  ];
  for (const { match, next, rejected, hint, expect } of rows) {
    const made = progress(match, next);
    assertEquals(made.maybeDecrease(rejected, hint), expect !== next);
    assertEquals(made.next, expect);
    assert(made.match < made.next);
  }
  const replicating = progress(4, 5);
  replicating.becomeReplicate();
  replicating.sentAppend(3, 10, 0);
  assertEquals(replicating.maybeDecrease(4, 1), false);
  assertEquals(replicating.maybeDecrease(6, 1), true);
  assertEquals([replicating.state, replicating.next], ["probe", 5]);
});

Deno.test("Progress.canRaiseCommit() is true only for news that the follower can use", () => {
  const made = progress(3, 4);
  made.becomeReplicate();
  assertEquals(made.canRaiseCommit(2), true);
  made.sentAppend(2, 10, 2);
  assertEquals(made.canRaiseCommit(2), false);
  assertEquals(made.canRaiseCommit(4), true);
  made.sentAppend(0, 0, 9);
  assertEquals(made.canRaiseCommit(12), false);
});
