/**
 * Whatever the log holds: replicas that apply it in pieces, from snapshots, with doubled and
 * reordered batches, end in equal states and give equal answers; and these are the model's answers.
 */
import { assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import type { Machine } from "../../src/machine/machine.ts";
import type { CommandResult } from "../../src/machine/result.ts";
import type { MachineSnapshot } from "../../src/machine/machine_snapshot.ts";
import { deleteRangeResponse, putResponse, txnResponse } from "../../src/machine/kv_response.ts";
import { checkTxnRequest } from "../../src/mvcc/check_request.ts";
import { rangeRequest } from "../../src/mvcc/requests.ts";
import { type Command, decodeEntry } from "../../src/proto/command.ts";
import { KvModel } from "../model/kv_model.ts";
import { LeaseModel } from "../model/lease_model.ts";
import { applyOne, batch, restarted, smallMachine } from "./batches.ts";
import {
  anyCommand,
  brokenCommand,
  encoded,
  type StoreCommand,
  storeCommand,
} from "./random_commands.ts";

const commands = fc.array(anyCommand, { maxLength: 6 });

function namesOf({ segments }: MachineSnapshot): string[] {
  return segments.map(({ id }) => id);
}

function assertSameState(a: Machine, b: Machine): void {
  const [left, right] = [a.snapshot(), b.snapshot()];
  assertEquals(namesOf(left), namesOf(right));
  assertEquals(left.header, right.header);
  assertEquals(a.hash(), b.hash());
  for (const { id } of a.leases.list()) assertEquals(a.leases.keysOf(id), b.leases.keysOf(id));
}

Deno.test("Machine gives equal answers and hashes when it is restored from snapshots on the way", () => {
  const step = fc.record({ commands, restart: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const whole = smallMachine();
    let pieces = smallMachine();
    steps.forEach(({ commands, restart }, at) => {
      if (restart) pieces = restarted(pieces);
      const data = batch(commands, { origin: 1n, number: at + 1 });
      assertEquals(pieces.apply(data), whole.apply(data));
      if (restart) assertEquals(pieces.hash(), whole.hash());
    });
    assertSameState(pieces, whole);
  }));
});

Deno.test("Machine applies doubled batches once, as if the doubles had never been sent", () => {
  const sent = fc.record({
    commands,
    origin: fc.bigInt(1n, 2n),
    incarnation: fc.integer({ min: 1, max: 2 }),
    number: fc.integer({ min: 1, max: 12 }),
    restart: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(sent, { maxLength: 30 }), (all) => {
    let machine = smallMachine();
    const once = smallMachine();
    const newest = new Map<bigint, number>();
    const applied = new Set<string>();
    for (const { commands, origin, incarnation, number, restart } of all) {
      if (restart) machine = restarted(machine);
      const data = batch(commands, { origin, incarnation, number });
      const name = `${origin} ${incarnation} ${number}`;
      const isNew = incarnation >= (newest.get(origin) ?? 0) && !applied.has(name);
      const result = machine.apply(data);
      assertEquals([result.duplicate, result.results.length], [
        !isNew,
        isNew ? commands.length : 0,
      ]);
      if (isNew) assertEquals(once.apply(data).results, result.results);
      // A doubled batch frees space like any other, so the other one gets an empty batch.
      else once.apply(batch([]));
      if (isNew) newest.set(origin, incarnation);
      applied.add(name);
    }
    assertSameState(machine, once);
  }));
});

Deno.test("Machine refuses bodies of any bytes without throwing, alike on every replica", () => {
  const broken = fc.array(fc.oneof(brokenCommand, anyCommand), { maxLength: 30 });
  fc.assert(
    fc.property(broken, (all: Command[]) => {
      const machine = smallMachine();
      const other = restarted(machine);
      for (const command of all) assertEquals(applyOne(machine, command), applyOne(other, command));
      assertSameState(machine, other);
      assertEquals(restarted(machine).hash(), machine.hash());
    }),
    { numRuns: 300 },
  );
});

Deno.test("Machine.apply() meets any bytes with results or with MalformedBytesError", () => {
  const honest = commands.map((commands) => batch(commands));
  const broken = fc.tuple(honest, fc.nat(), fc.nat(255)).map(([data, at, byte]) => {
    data[at % data.length] = byte;
    return data.subarray(0, data.length - (byte % 3));
  });
  fc.assert(
    fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 40 })), (data) => {
      try {
        smallMachine().apply(data);
      } catch (error) {
        assertInstanceOf(error, MalformedBytesError);
      }
    }),
    { numRuns: 500 },
  );
});

/** The keys of a lease by the model, in order. */
function leasedKeys(model: KvModel, lease: bigint): Uint8Array[] {
  const range = model.range(rangeRequest(Uint8Array.of(0), Uint8Array.of(0)));
  if (typeof range === "string") throw new Error(range);
  return range.kvs.filter((kv) => kv.lease === lease).map(({ key }) => key);
}

/** Ends a lease of the model: its keys go in one transaction. */
function revoke(model: KvModel, times: LeaseModel, lease: bigint): void {
  const success = leasedKeys(model, lease).map((key) => ({
    requestDeleteRange: { key, rangeEnd: new Uint8Array(0), prevKv: false },
  }));
  model.leases.delete(lease);
  times.end(lease);
  model.txn({ compare: [], success, failure: [] });
}

/** What the model answers. */
function modelResult(
  model: KvModel,
  times: LeaseModel,
  { kind, request }: StoreCommand,
): CommandResult {
  const refused = (reason: CommandResult["reason"]) => ({
    reason,
    response: null,
    revision: model.revision,
  });
  switch (kind) {
    case "put": {
      const result = model.put(request);
      if (typeof result === "string") return refused(result);
      return { reason: null, response: putResponse(result), revision: model.revision };
    }
    case "deleteRange": {
      const response = deleteRangeResponse(model.deleteRange(request));
      return { reason: null, response, revision: model.revision };
    }
    case "txn": {
      const result = checkTxnRequest(request, Infinity) ?? model.txn(request);
      if (typeof result === "string") return refused(result);
      return { reason: null, response: txnResponse(result), revision: model.revision };
    }
    case "compaction": {
      const reason = model.compact(request.revision);
      return reason === null ? { reason, response: {}, revision: model.revision } : refused(reason);
    }
    case "leaseGrant":
      if (model.leases.has(request.id)) return refused("lease exists");
      model.leases.add(request.id);
      times.grant(request.id, request.ttl);
      return { reason: null, response: { ...request, error: "" }, revision: model.revision };
    case "leaseRevoke":
      if (!model.leases.has(request.id)) return refused("lease not found");
      revoke(model, times, request.id);
      return { reason: null, response: {}, revision: model.revision };
    case "leaseRenew": {
      const response = { id: request.id, ttl: times.renew(request.id) };
      return { reason: null, response, revision: model.revision };
    }
    case "leaseExpire":
      if (times.isOver(request.id)) revoke(model, times, request.id);
      return { reason: null, response: {}, revision: model.revision };
  }
}

Deno.test("Machine agrees with the models on keys, transactions, compaction, leases and time", () => {
  const step = fc.record({
    command: storeCommand,
    restart: fc.integer({ max: 9, min: 0 }),
    elapsedMs: fc.integer({ min: -1_000, max: 40_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let machine = smallMachine();
      const model = new KvModel();
      const times = new LeaseModel();
      for (const { command, restart, elapsedMs } of steps) {
        if (restart === 0) machine = restarted(machine);
        const clockMs = Math.max(0, times.clockMs + elapsedMs);
        times.stamp(clockMs);
        const [result] = machine.apply(batch([encoded(command)], { clockMs })).results;
        assertEquals(result, modelResult(model, times, command));
        const leases = [...machine.leases.list()];
        assertEquals(leases.map(({ id }) => id), times.ids);
        for (const { id, endsMs } of leases) {
          assertEquals(machine.leases.keysOf(id), leasedKeys(model, id));
          assertEquals(endsMs, times.endsMs(id));
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("decodeEntry() gives back what these tests propose", () => {
  fc.assert(fc.property(commands, (commands) => {
    assertEquals(decodeEntry(batch(commands, { origin: 3n, number: 9 })).commands, commands);
  }));
});
