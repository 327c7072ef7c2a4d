import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvariantError } from "../../src/base/assert.ts";
import { ByteReader, MalformedBytesError } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { compareBytes } from "../../src/base/bytes.ts";
import { LeaseTable } from "../../src/lease/lease_table.ts";

const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

function restored(table: LeaseTable): LeaseTable {
  const writer = new ByteWriter();
  table.snapshot(writer);
  const copy = new LeaseTable();
  copy.restore(new ByteReader(writer.copy()));
  return copy;
}

Deno.test("LeaseTable.grant() refuses a name that is taken and frees it on revoke", () => {
  const table = new LeaseTable();
  assertEquals(table.grant(7n, 60), true);
  assertEquals(table.grant(7n, 10), false);
  assertEquals(table.get(7n)?.ttlSeconds, 60);
  assertEquals(table.revoke(7n), []);
  assertEquals(table.revoke(7n), null);
  assertEquals(table.grant(7n, 10), true);
  assertThrows(() => table.grant(0n, 10), InvariantError);
});

Deno.test("LeaseTable.attach() moves a key from one lease to another", () => {
  const table = new LeaseTable();
  table.grant(1n, 60);
  table.grant(2n, 60);
  table.attach(1n, key(9));
  table.attach(1n, key(3));
  table.attach(2n, key(9));
  table.attach(2n, key(9));
  assertEquals([table.leaseOf(key(9)), table.leaseOf(key(3))], [2n, 1n]);
  assertEquals(table.keysOf(1n), [key(3)]);
  assertEquals([table.get(1n)?.keyCount, table.get(2n)?.keyCount], [1, 1]);
  table.detach(key(9));
  table.detach(key(9));
  assertEquals(table.revoke(2n), []);
  assertEquals(table.attachedKeyCount, 1);
});

Deno.test("LeaseTable.revoke() gives the keys in the order of their bytes", () => {
  const table = new LeaseTable();
  table.grant(1n, 60);
  for (const bytes of [[255], [1, 0], [128, 7], [1], []]) table.attach(1n, key(...bytes));
  assertEquals(table.revoke(1n), [key(), key(1), key(1, 0), key(128, 7), key(255)]);
  assertEquals(table.leaseOf(key(1)), 0n);
});

Deno.test("LeaseTable.attach() takes keys longer than one call's arguments", () => {
  const table = new LeaseTable();
  table.grant(1n, 60);
  const long = new Uint8Array(300_000).map((_, at) => at % 251);
  table.attach(1n, long);
  assertEquals(table.keysOf(1n), [long]);
});

Deno.test("LeaseTable.renew() counts from the newest stamp, and the clock never goes back", () => {
  const table = new LeaseTable();
  table.grant(1n, 10);
  table.advance(9_999);
  assertEquals([table.isOver(1n), table.isOver(2n)], [false, false]);
  assertEquals(table.renew(1n)?.endsMs, 19_999);
  assertEquals(table.renew(2n), null);
  table.advance(19_999);
  table.advance(3);
  assertEquals([table.clockMs, table.isOver(1n)], [19_999, true]);
  assertEquals(table.renew(1n)?.endsMs, 29_999);
  assertEquals(table.isOver(1n), false);
});

Deno.test("LeaseTable.restore() keeps clock, order, times to live and ends, also of negative ids", () => {
  const table = new LeaseTable();
  table.grant(9n, 60);
  table.advance(500);
  table.grant(-3n, 9_000_000_000);
  table.grant(5n, 2);
  const fields = (leases: LeaseTable) =>
    [...leases.list()].map((lease) => [lease.id, lease.ttlSeconds, lease.endsMs]);
  const copy = restored(table);
  assertEquals(copy.clockMs, 500);
  assertEquals(fields(copy), [[9n, 60, 60_000], [-3n, 9e9, 9e12 + 500], [5n, 2, 2_500]]);
});

Deno.test("LeaseTable.restore() refuses a lease that is there twice and bytes cut off", () => {
  const writer = new ByteWriter();
  writer.varint(0);
  writer.varint(2);
  for (let i = 0; i < 2; i++) {
    writer.uint64(4n);
    writer.varint(60);
    writer.varint(0);
  }
  const bytes = writer.copy();
  assertThrows(() => new LeaseTable().restore(new ByteReader(bytes)), MalformedBytesError);
  const cut = new ByteReader(bytes.subarray(0, 9));
  assertThrows(() => new LeaseTable().restore(cut), MalformedBytesError);
});

Deno.test("LeaseTable agrees with a map from keys to leases under random operations", () => {
  const step = fc.record({
    operation: fc.constantFrom("grant", "revoke", "attach", "attach", "attach", "detach"),
    lease: fc.bigInt(1n, 4n),
    key: fc.uint8Array({ maxLength: 2, max: 3 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const table = new LeaseTable();
    const leases = new Set<bigint>();
    const attached = new Map<string, { key: Uint8Array; lease: bigint }>();
    const keysOf = (lease: bigint) =>
      [...attached.values()].filter((one) => one.lease === lease).map((one) => one.key)
        .sort(compareBytes);
    for (const { operation, lease, key } of steps) {
      if (operation === "grant") {
        assertEquals(table.grant(lease, 5), !leases.has(lease));
        leases.add(lease);
      } else if (operation === "revoke") {
        assertEquals(table.revoke(lease), leases.has(lease) ? keysOf(lease) : null);
        for (const one of keysOf(lease)) attached.delete(one.join());
        leases.delete(lease);
      } else if (operation === "attach" && leases.has(lease)) {
        table.attach(lease, key);
        attached.set(key.join(), { key, lease });
      } else if (operation === "detach") {
        table.detach(key);
        attached.delete(key.join());
      }
      assertEquals(table.attachedKeyCount, attached.size);
      assertEquals(table.leaseOf(key), attached.get(key.join())?.lease ?? 0n);
      for (const id of leases) {
        assertEquals(table.keysOf(id), keysOf(id));
        assertEquals(table.get(id)?.keyCount, keysOf(id).length);
      }
    }
  }));
});

Deno.test("LeaseTable.counts tells what became of leases", () => {
  const leases = new LeaseTable();
  for (const id of [1n, 2n, 2n]) leases.grant(id, 10);
  leases.renew(1n);
  leases.renew(3n);
  leases.revoke(2n);
  leases.advance(10_000);
  leases.revoke(1n);
  leases.revoke(1n);
  assertEquals(leases.counts, { granted: 2, renewed: 1, revoked: 2, expired: 1 });
});
