import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LeaseClock } from "../../src/replica/lease_clock.ts";
import { LogHistory } from "./log_history.ts";

const FOUNDED = { term: 0, readingMs: 0 };

Deno.test("LeaseClock goes on from the newest reading that it was told", () => {
  const clock = new LeaseClock(FOUNDED, 1_000);
  assertEquals(clock.read(1_500), 500);
  clock.appended(1, null, 2_000);
  clock.told(1, 9_000, 2_000);
  assertEquals(clock.read(2_250), 9_250);
  // An older message comes late.
  clock.told(1, 8_990, 2_300);
  assertEquals(clock.read(2_300), 9_300);
  clock.told(1, 9_310, 2_320);
  assertEquals(clock.read(2_320), 9_310);
});

Deno.test("LeaseClock of a new leader counts on from what it knew", () => {
  const clock = new LeaseClock(FOUNDED, 0);
  clock.appended(1, null, 0);
  clock.told(1, 5_000, 100);
  assertEquals(clock.lead(2, 1_600), 6_500);
  // Its own stamps come back from its own log, and nothing else changes it in its term.
  clock.told(2, 9_000, 1_700);
  assertEquals(clock.lead(2, 1_700), 6_600);
});

Deno.test("LeaseClock follows a leader that is behind, once it has the beginning of its log", () => {
  const clock = new LeaseClock(FOUNDED, 0);
  clock.appended(1, null, 0);
  clock.told(1, 5_000, 0);
  clock.told(2, 3_000, 100);
  assertEquals(clock.read(100), 5_100);
  clock.appended(2, null, 200);
  clock.told(2, 3_100, 200);
  assertEquals(clock.read(200), 3_100);
});

Deno.test("LeaseClock takes a stamp of which the leader that it heard may not have known", () => {
  const clock = new LeaseClock(FOUNDED, 0);
  clock.appended(5, null, 0);
  clock.told(5, 5_000, 0);
  // A later leader brings an entry of an earlier term, stamped by a clock far behind.
  clock.appended(7, { term: 3, readingMs: 40 }, 1_000);
  assertEquals(clock.read(1_000), 40);
  clock.told(7, 60, 1_000);
  assertEquals(clock.read(1_500), 560);
});

Deno.test("LeaseClock is not set back by old entries of a leader that has told its reading", () => {
  const clock = new LeaseClock(FOUNDED, 0);
  clock.appended(7, { term: 3, readingMs: 40 }, 0);
  clock.told(7, 9_000, 0);
  clock.appended(7, { term: 3, readingMs: 50 }, 100);
  assertEquals(clock.read(100), 9_100);
  clock.appended(7, { term: 7, readingMs: 9_050 }, 200);
  assertEquals(clock.read(200), 9_050);
});

Deno.test("LeaseClock takes a snapshot's stamp if nothing newer has come with the log", () => {
  const stamp = { term: 4, readingMs: 7_000 };
  const alone = new LeaseClock(FOUNDED, 0);
  alone.replaced(5);
  alone.installed(stamp, 100);
  assertEquals(alone.read(150), 7_050);

  const told = new LeaseClock(FOUNDED, 0);
  told.replaced(5);
  told.told(5, 8_000, 50);
  told.installed(stamp, 100);
  assertEquals(told.read(100), 8_050);
});

Deno.test("LeaseClock keeps what a leader told while its snapshot was on the way", () => {
  const told = () => {
    const clock = new LeaseClock(FOUNDED, 0);
    clock.told(5, 9_000, 1_000);
    assertEquals(clock.read(1_000), 1_000);
    return clock;
  };
  const successor = told();
  successor.replaced(5);
  successor.installed({ term: 4, readingMs: 7_000 }, 1_500);
  assertEquals(successor.read(1_500), 9_500);

  const stamped = told();
  stamped.replaced(5);
  stamped.installed({ term: 5, readingMs: 9_900 }, 1_500);
  assertEquals(stamped.read(1_500), 9_900);

  const other = told();
  other.replaced(6);
  other.installed({ term: 4, readingMs: 7_000 }, 1_500);
  assertEquals(other.read(1_500), 7_000);
});

Deno.test("LeaseClock does not follow a leader that lacks an entry stamped by a clock behind", () => {
  const history = new LogHistory(3);
  history.elect(0, 1);
  history.stamp(0);
  for (const follower of [1, 2]) history.send(0, follower, 9);
  for (const _follower of [1, 2]) history.deliver(-1);
  history.nowMs += 500;
  // The second starts anew, leads with half a second lost, and nobody gets what it stamps.
  history.restart(1);
  history.elect(1, 2);
  history.stamp(1);
  history.elect(0, 2);
  history.heartbeat(0, 1);
  history.deliver(-1);
  history.elect(1, 2);
  assertEquals(history.leadersAheadMs(), 0);
});

Deno.test("LeaseClock of a leader is never ahead of a clock that stamped an entry of its log", () => {
  const step = fc.record({
    operation: fc.constantFrom(
      ...["elect", "elect", "stamp", "replicate", "replicate", "tell", "send", "deliver"] as const,
      ...["drop", "restart", "wait"] as const,
    ),
    who: fc.nat(2),
    other: fc.nat(2),
    amount: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 160 }), (steps) => {
      const history = new LogHistory(3);
      for (const { operation, who, other, amount } of steps) {
        if (operation === "wait") history.nowMs += amount * 100;
        else if (operation === "elect") history.elect(who, other);
        else if (operation === "stamp") history.stamp(who);
        else if (operation === "restart") history.restart(who);
        else if (operation === "deliver") {
          history.deliver(amount, { isDoubled: amount === 5, isTold: amount > 2 });
        } else if (operation === "drop") history.drop(amount);
        else if (operation === "tell") history.heartbeat(who, other);
        else history.send(who, other, amount);
        const isQuick = operation === "replicate" || operation === "tell";
        if (isQuick) history.deliver(-1);
        history.nowMs += 1;
        const aheadMs = history.leadersAheadMs();
        assert(aheadMs <= 0, `a leader's clock is ${aheadMs} ms ahead`);
      }
    }),
    { numRuns: 1_000 },
  );
});
