import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  IDENTITY_WINDOW,
  IdentityTable,
  type StoredResult,
} from "../../src/machine/identity_table.ts";
import { CommandKind } from "../../src/proto/command.ts";
import { restoredFrom, snapshotOf } from "./round_trip.ts";

function result(revision: number, byteLength = 0): StoredResult {
  return {
    kind: CommandKind.Put,
    reason: revision % 2 === 0 ? null : "lease not found",
    revision,
    response: revision % 3 === 0 ? null : new Uint8Array(byteLength).fill(revision),
  };
}

Deno.test("IdentityTable.find() gives the answer that was kept, of whatever sort", () => {
  const table = new IdentityTable();
  for (let sequence = 1; sequence <= 6; sequence++) {
    table.record({ client: 5n, sequence }, result(sequence, 3));
  }
  const copy = restoredFrom(table, new IdentityTable());
  for (let sequence = 1; sequence <= 6; sequence++) {
    assertEquals(table.find({ client: 5n, sequence }), result(sequence, 3));
    assertEquals(copy.find({ client: 5n, sequence }), result(sequence, 3));
  }
  assertEquals(table.find({ client: 5n, sequence: 7 }), null);
  assertEquals(table.find({ client: 6n, sequence: 1 }), null);
});

Deno.test("IdentityTable.find() calls what is older than a known client's window expired", () => {
  const table = new IdentityTable();
  table.record({ client: 5n, sequence: 10 }, result(2));
  assertEquals(table.find({ client: 5n, sequence: 9 }), null);
  table.record({ client: 5n, sequence: 10 + IDENTITY_WINDOW }, result(4));
  assertEquals(table.find({ client: 5n, sequence: 10 }), "expired");
  assertEquals(table.find({ client: 5n, sequence: 11 }), null);
  assertEquals(table.resultCount, 1);
});

Deno.test("IdentityTable.record() forgets the clients heard of longest ago when it is full", () => {
  const table = new IdentityTable({ clients: 2, results: 100, responseBytes: 100 });
  table.record({ client: 1n, sequence: 1 }, result(2));
  table.record({ client: 2n, sequence: 1 }, result(4));
  table.record({ client: 1n, sequence: 2 }, result(6));
  table.record({ client: 3n, sequence: 1 }, result(8));
  assertEquals(table.find({ client: 2n, sequence: 1 }), null);
  assertEquals(table.find({ client: 1n, sequence: 1 }), result(2));
  assertEquals(table.clientCount, 2);
});

Deno.test("IdentityTable.record() forgets the oldest answers for want of room, and no requests", () => {
  const table = new IdentityTable({ clients: 9, results: 100, responseBytes: 100 });
  const answered = (revision: number) => ({ ...result(revision, 30), reason: null });
  for (let client = 1n; client <= 4n; client++) {
    table.record({ client, sequence: 1 }, answered(2));
  }
  table.record({ client: 1n, sequence: 2 }, answered(4));
  for (const client of [1n, 2n]) {
    assertEquals(table.find({ client, sequence: 1 }), { ...answered(2), response: null });
  }
  for (const client of [3n, 4n]) assertEquals(table.find({ client, sequence: 1 }), answered(2));
  assertEquals(table.find({ client: 1n, sequence: 2 }), answered(4));
  assertEquals([table.clientCount, table.resultCount], [4, 5]);
});

Deno.test("IdentityTable keeps its bounds and restores to an equal table, whatever happens", () => {
  const bounds = { clients: 4, results: 12, responseBytes: 40 };
  const step = fc.record({
    client: fc.bigInt(0n, 5n),
    sequence: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3_000 })),
    byteLength: fc.nat(12),
    restart: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const whole = new IdentityTable(bounds);
    let pieces = new IdentityTable(bounds);
    let revision = 1;
    for (const { client, sequence, byteLength, restart } of steps) {
      if (restart) pieces = restoredFrom(pieces, new IdentityTable(bounds));
      const found = whole.find({ client, sequence });
      assertEquals(pieces.find({ client, sequence }), found);
      if (found !== null) continue;
      revision++;
      for (const table of [whole, pieces]) {
        table.record({ client, sequence }, result(revision, byteLength));
        assertEquals(table.find({ client, sequence }), result(revision, byteLength));
      }
      assertEquals(whole.clientCount <= 4, true);
      // The last client alone may hold more than the bounds of all.
      assertEquals(whole.resultCount <= 12 || whole.clientCount === 1, true);
    }
    assertEquals(snapshotOf(pieces), snapshotOf(whole));
    const counted = restoredFrom(whole, new IdentityTable(bounds));
    assertEquals(counted.resultCount, whole.resultCount);
  }));
});
