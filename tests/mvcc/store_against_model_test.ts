import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { plainKeyValue } from "../../src/mvcc/key_value.ts";
import { MvccStore } from "../../src/mvcc/store.ts";
import { checkTxnRequest } from "../../src/mvcc/check_request.ts";
import { executeDeleteRange, executePut, executeTxn } from "../../src/mvcc/txn.ts";
import { KvModel } from "../model/kv_model.ts";
import { type Action, action, LEASES, placed } from "./arbitraries.ts";

/** Small enough that a short history has many segments. */
const SEGMENT_BYTES = 600;

function leaseExists(lease: bigint): boolean {
  return LEASES.includes(lease);
}

function newModel(): KvModel {
  const model = new KvModel();
  for (const lease of LEASES) model.leases.add(lease);
  return model;
}

/** CRC-32C bit by bit, as its definition has it. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Does one thing to the store alone and gives its answer. */
function act(store: MvccStore, action: Action): unknown {
  switch (action.do) {
    case "put":
      return executePut(store, action.request, leaseExists);
    case "delete":
      return executeDeleteRange(store, action.request);
    case "txn":
      return checkTxnRequest(action.request) ?? executeTxn(store, action.request, leaseExists);
    case "range": {
      const result = store.range(action.request);
      return typeof result === "string"
        ? result
        : { ...result, kvs: result.kvs.map(plainKeyValue) };
    }
    case "compact":
      return store.compact(action.revision);
    case "step":
      store.compactStep(action.budgetBytes);
      return null;
    case "restore": {
      const { header, segments } = store.snapshot();
      store.restore(header, segments.map(({ bytes }) => bytes.slice()));
      return null;
    }
    case "hash":
      return store.hashKv(Math.max(0, action.revision));
  }
}

/** The same to the model. */
function expected(model: KvModel, action: Action): unknown {
  switch (action.do) {
    case "put":
      return model.put(action.request);
    case "delete":
      return model.deleteRange(action.request);
    case "txn":
      return checkTxnRequest(action.request) ?? model.txn(action.request);
    case "range":
      return model.range(action.request);
    case "compact":
      return model.compact(action.revision);
    case "hash": {
      const { compactRevision } = model;
      if (action.revision > model.revision) return "future revision";
      const revision = action.revision <= 0 ? model.revision : action.revision;
      if (action.revision > 0 && revision < compactRevision) return "compacted";
      return { hash: slowCrc32c(model.hashedBytes(revision)), revision, compactRevision };
    }
    default:
      return null;
  }
}

/** What a copy of the store would have to attach. */
function everyLease(store: MvccStore): string[] {
  const { header, segments } = store.snapshot();
  const copy = new MvccStore({ segmentBytes: SEGMENT_BYTES });
  const leased = copy.restore(header, segments.map(({ bytes }) => bytes));
  return leased.map(({ key, lease }) => `${key} ${lease}`).sort();
}

Deno.test("MvccStore answers as the model does over random histories", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
      const store = new MvccStore({ segmentBytes: SEGMENT_BYTES });
      const model = newModel();
      const attached = new Set<string>();
      store.leases = {
        attach: (lease, key) => {
          const line = `${key} ${lease}`;
          assert(!attached.has(line));
          attached.add(line);
        },
        detach: (lease, key) => assert(attached.delete(`${key} ${lease}`)),
      };
      for (const drawn of actions) {
        const action = placed(drawn, model.revision);
        assertEquals(act(store, action), expected(model, action));
        assertEquals(store.revision, model.revision);
      }
      assertEquals([...attached].sort(), everyLease(store));
      assertEquals(
        store.bytesInUse,
        store.snapshot().segments.reduce((sum, { bytes }) => sum + bytes.length, 0),
      );
    }),
    { numRuns: 800 },
  );
});

Deno.test("MvccStore gives equal bytes and hashes with and without restarts in between", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
      const steady = new MvccStore({ segmentBytes: SEGMENT_BYTES, hashSeed: 1 });
      const restarted = new MvccStore({ segmentBytes: SEGMENT_BYTES, hashSeed: 2 });
      for (const drawn of actions) {
        const action = placed(drawn, steady.revision);
        if (action.do !== "restore") act(steady, action);
        act(restarted, action);
        if (action.do === "step") assertEquals(restarted.compacting, steady.compacting);
      }
      assertEquals(restarted.snapshot(), steady.snapshot());
      assertEquals(restarted.hashKv(0), steady.hashKv(0));
      assertEquals(restarted.keyCount, steady.keyCount);
    }),
    { numRuns: 200 },
  );
});
