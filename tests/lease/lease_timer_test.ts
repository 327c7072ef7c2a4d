import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DeadlineHeap } from "../../src/lease/deadline_heap.ts";
import { LeaseTable } from "../../src/lease/lease_table.ts";
import {
  LEASE_CHECKPOINT_INTERVAL_MS,
  LEASE_CHECKPOINTS_MAX,
  LEASE_REVOKE_RETRY_MS,
  LeaseTimer,
} from "../../src/lease/lease_timer.ts";

function primary(...ttlSeconds: number[]): { table: LeaseTable; timer: LeaseTimer } {
  const table = new LeaseTable();
  const timer = new LeaseTimer(table);
  timer.promote(0, 0);
  ttlSeconds.forEach((ttl, at) => table.grant(BigInt(at + 1), ttl));
  timer.expired(0, 0);
  return { table, timer };
}

Deno.test("LeaseTimer.expired() names a lease once its TTL is over and not before", () => {
  const { timer } = primary(10, 5);
  assertEquals(timer.expired(4_999, 500), []);
  assertEquals(timer.expired(5_000, 500), [2n]);
  assertEquals(timer.expired(9_999, 500), []);
  assertEquals(timer.expired(10_000, 500), [1n]);
});

Deno.test("LeaseTimer.expired() asks again for a revocation that did not come", () => {
  const { table, timer } = primary(5);
  assertEquals(timer.expired(5_000, 500), [1n]);
  assertEquals(timer.expired(5_000 + LEASE_REVOKE_RETRY_MS - 1, 500), []);
  assertEquals(timer.expired(5_000 + LEASE_REVOKE_RETRY_MS, 500), [1n]);
  table.revoke(1n);
  assertEquals(timer.expired(100_000, 500), []);
});

Deno.test("LeaseTimer.expired() gives at most its limit and the rest at the next call", () => {
  const { timer } = primary(...Array.from({ length: 7 }, () => 2));
  assertEquals(timer.expired(2_000, 5).length, 5);
  assertEquals(timer.expired(2_000, 5).length, 2);
  assertEquals(timer.expired(2_000, 5).length, 0);
});

Deno.test("LeaseTimer.renew() sets a lease back to its full TTL", () => {
  const { timer } = primary(10);
  assertEquals(timer.remainingSeconds(1n, 9_500), 0);
  assertEquals(timer.renew(1n, 9_500), "renewed");
  assertEquals(timer.remainingSeconds(1n, 9_500), 10);
  assertEquals(timer.expired(10_000, 500), []);
  assertEquals(timer.expired(19_500, 500), [1n]);
  assertEquals(timer.renew(1n, 19_500), "expired");
  assertEquals(timer.isExpired(1n, 19_500), true);
  assertEquals(timer.renew(2n, 19_500), "not found");
});

Deno.test("LeaseTimer.demote() ends expiry and renewal; a follower's timer never starts them", () => {
  const { table, timer } = primary(5);
  timer.demote();
  assertEquals(timer.expired(1e9, 500), []);
  assertEquals(timer.renew(1n, 1e9), "not primary");
  assertEquals(timer.remainingSeconds(1n, 1e9), null);
  table.grant(2n, 5);
  assertEquals(timer.expired(1e9, 500), []);
});

Deno.test("LeaseTimer.promote() extends every lease to its full TTL plus the extension", () => {
  const { timer } = primary(10);
  timer.promote(8_000, 1_000);
  assertEquals(timer.expired(18_999, 500), []);
  assertEquals(timer.expired(19_000, 500), [1n]);
});

Deno.test("LeaseTimer.promote() counts from the checkpoint where there is one", () => {
  const { table, timer } = primary(3_600);
  table.checkpoint(1n, 100);
  timer.promote(50_000, 1_000);
  assertEquals(timer.remainingSeconds(1n, 50_000), 101);
});

Deno.test("LeaseTimer.promote() spreads leases that would expire together", () => {
  const { timer } = primary(...Array.from({ length: 1_500 }, () => 10));
  timer.promote(0, 0);
  const first = timer.expired(10_000, 10_000).length;
  const second = timer.expired(11_000, 10_000).length;
  assert(first === 1 && second >= 740 && second <= 760, `${first} at once, then ${second}`);
  assertEquals(first + second + timer.expired(12_000, 10_000).length, 1_500);
});

Deno.test("LeaseTimer.checkpointsDue() names long leases every interval, a bounded number each", () => {
  const { timer } = primary(200, 3_600);
  assertEquals(timer.checkpointsDue(LEASE_CHECKPOINT_INTERVAL_MS - 1), []);
  assertEquals(timer.checkpointsDue(LEASE_CHECKPOINT_INTERVAL_MS), [
    { id: 2n, remainingSeconds: 3_300 },
  ]);
  assertEquals(timer.checkpointsDue(LEASE_CHECKPOINT_INTERVAL_MS + 1), []);
  assertEquals(timer.checkpointsDue(2 * LEASE_CHECKPOINT_INTERVAL_MS).length, 1);

  const many = primary(...Array.from({ length: LEASE_CHECKPOINTS_MAX + 1 }, () => 3_600)).timer;
  assertEquals(many.checkpointsDue(LEASE_CHECKPOINT_INTERVAL_MS).length, LEASE_CHECKPOINTS_MAX);
  assertEquals(many.checkpointsDue(LEASE_CHECKPOINT_INTERVAL_MS).length, 1);
});

Deno.test("LeaseTimer.renew() waits until a checkpoint is cleared in the log", () => {
  const { table, timer } = primary(3_600);
  const [due] = timer.checkpointsDue(LEASE_CHECKPOINT_INTERVAL_MS);
  assertEquals(timer.renew(1n, LEASE_CHECKPOINT_INTERVAL_MS), "checkpoint first");
  table.checkpoint(1n, due.remainingSeconds);
  assertEquals(timer.renew(1n, LEASE_CHECKPOINT_INTERVAL_MS), "checkpoint first");
  table.checkpoint(1n, 0);
  assertEquals(timer.renew(1n, LEASE_CHECKPOINT_INTERVAL_MS), "renewed");
  assertEquals(timer.remainingSeconds(1n, LEASE_CHECKPOINT_INTERVAL_MS), 3_600);
});

Deno.test("LeaseTimer keeps its queues small when leases come and go", () => {
  const { table, timer } = primary();
  for (let i = 1; i <= 20_000; i++) {
    table.grant(BigInt(i), 9_000_000_000);
    timer.expired(i, 500);
    table.revoke(BigInt(i));
  }
  assert(timer.queuedCount <= 4_096, `${timer.queuedCount} queued`);
});

Deno.test("LeaseTimer names exactly the leases that a list of deadlines names", () => {
  const step = fc.record({
    operation: fc.constantFrom("grant", "revoke", "renew", "renew", "wait"),
    lease: fc.bigInt(1n, 5n),
    seconds: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { table, timer } = primary();
    const deadlines = new Map<bigint, { ttlMs: number; dueMs: number }>();
    let nowMs = 0;
    for (const { operation, lease, seconds } of steps) {
      const known = deadlines.get(lease);
      if (operation === "grant" && table.grant(lease, seconds)) {
        deadlines.set(lease, { ttlMs: seconds * 1_000, dueMs: nowMs + seconds * 1_000 });
        assertEquals(timer.remainingSeconds(lease, nowMs), seconds);
      } else if (operation === "revoke") {
        table.revoke(lease);
        deadlines.delete(lease);
      } else if (operation === "renew") {
        assertEquals(timer.renew(lease, nowMs), known === undefined ? "not found" : "renewed");
        if (known !== undefined) known.dueMs = nowMs + known.ttlMs;
      } else if (operation === "wait") {
        nowMs += seconds * 500;
        const due = [...deadlines].filter(([, { dueMs }]) => dueMs <= nowMs).map(([id]) => id);
        assertEquals(timer.expired(nowMs, 500).sort(), due.sort());
        for (const id of due) table.revoke(id);
        for (const id of due) deadlines.delete(id);
      }
    }
  }));
});

Deno.test("DeadlineHeap.popDue() gives items in the order of their deadlines", () => {
  fc.assert(fc.property(fc.array(fc.nat(50)), (deadlines) => {
    const heap = new DeadlineHeap<number>();
    for (const dueMs of deadlines) heap.push(dueMs, dueMs);
    heap.retain((dueMs) => dueMs % 7 !== 0);
    const expected = deadlines.filter((dueMs) => dueMs % 7 !== 0).sort((a, b) => a - b);
    const popped: number[] = [];
    for (let item = heap.popDue(50); item !== undefined; item = heap.popDue(50)) popped.push(item);
    assertEquals(popped, expected);
    assertEquals(heap.size, 0);
  }));
});
