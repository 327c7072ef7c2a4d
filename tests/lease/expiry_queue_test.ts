import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DeadlineHeap } from "../../src/lease/deadline_heap.ts";
import { ExpiryQueue, LEASE_END_RETRY_MS } from "../../src/lease/expiry_queue.ts";
import { LeaseTable } from "../../src/lease/lease_table.ts";
import { LeaseModel } from "../model/lease_model.ts";

function opened(...ttlSeconds: number[]): { table: LeaseTable; queue: ExpiryQueue } {
  const table = new LeaseTable();
  const queue = new ExpiryQueue(table);
  ttlSeconds.forEach((ttl, at) => table.grant(BigInt(at + 1), ttl));
  queue.open();
  return { table, queue };
}

Deno.test("ExpiryQueue.takeOver() names a lease once its time is over and not before", () => {
  const { table, queue } = opened(10, 5);
  table.grant(3n, 7);
  assertEquals(queue.takeOver(4_999, 500), []);
  assertEquals(queue.takeOver(5_000, 500), [2n]);
  table.revoke(2n);
  assertEquals(queue.takeOver(9_999, 500), [3n]);
  table.revoke(3n);
  assertEquals(queue.takeOver(10_000, 500), [1n]);
});

Deno.test("ExpiryQueue.takeOver() asks again for an end that did not come", () => {
  const { table, queue } = opened(5);
  assertEquals(queue.takeOver(5_000, 500), [1n]);
  assertEquals(queue.takeOver(5_000 + LEASE_END_RETRY_MS - 1, 500), []);
  assertEquals(queue.takeOver(5_000 + LEASE_END_RETRY_MS, 500), [1n]);
  table.revoke(1n);
  assertEquals(queue.takeOver(100_000, 500), []);
});

Deno.test("ExpiryQueue.takeOver() leaves alone what was renewed, also after it was named", () => {
  const { table, queue } = opened(5);
  assertEquals(queue.takeOver(5_000, 500), [1n]);
  table.advance(5_000);
  table.renew(1n);
  assertEquals(queue.takeOver(9_999, 500), []);
  assertEquals(queue.takeOver(10_000, 500), [1n]);
});

Deno.test("ExpiryQueue.takeOver() gives at most its limit and the rest at the next call", () => {
  const { queue } = opened(...Array.from({ length: 7 }, () => 2));
  assertEquals(queue.takeOver(2_000, 5).length, 5);
  assertEquals(queue.takeOver(2_000, 5).length, 2);
  assertEquals(queue.takeOver(2_000, 5).length, 0);
});

Deno.test("ExpiryQueue.close() forgets all leases, and open() takes what there is by then", () => {
  const { table, queue } = opened(5);
  queue.close();
  table.grant(2n, 5);
  assertEquals([queue.queuedCount, queue.takeOver(1e9, 500)], [0, []]);
  queue.open();
  assertEquals(queue.takeOver(1e9, 500), [1n, 2n]);
});

Deno.test("ExpiryQueue stays small when leases come and go", () => {
  const { table, queue } = opened();
  for (let i = 1; i <= 20_000; i++) {
    table.grant(BigInt(i), 9_000_000_000);
    table.revoke(BigInt(i));
  }
  assert(queue.queuedCount <= 4_096, `${queue.queuedCount} queued`);
});

Deno.test("ExpiryQueue names exactly the leases that the model calls over", () => {
  const step = fc.record({
    operation: fc.constantFrom("grant", "revoke", "renew", "renew", "wait"),
    lease: fc.bigInt(1n, 5n),
    seconds: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { table, queue } = opened();
    const model = new LeaseModel();
    for (const { operation, lease, seconds } of steps) {
      if (operation === "grant") {
        if (table.grant(lease, seconds)) model.grant(lease, seconds);
      } else if (operation === "revoke") {
        table.revoke(lease);
        model.end(lease);
      } else if (operation === "renew") {
        assertEquals(table.renew(lease)?.ttlSeconds ?? 0, model.renew(lease));
      } else {
        model.stamp(model.clockMs + seconds * 500);
        table.advance(model.clockMs);
        const over = model.ids.filter((id) => model.isOver(id));
        assertEquals(model.ids.filter((id) => table.isOver(id)), over);
        assertEquals(queue.takeOver(model.clockMs, 500).sort(), over.sort());
        for (const id of over) table.revoke(id);
        for (const id of over) model.end(id);
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
