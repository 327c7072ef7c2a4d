import { assertEquals } from "@std/assert";
import type { MvccReason } from "../../src/mvcc/key_value.ts";
import type { Compare, RequestOp, TxnRequest } from "../../src/mvcc/requests.ts";
import { rangeRequest } from "../../src/mvcc/requests.ts";
import { executePut, executeTxn, isReadOnlyTxn } from "../../src/mvcc/txn.ts";
import { bytesOf } from "../model/kv_model.ts";
import { StoreHarness } from "./store_harness.ts";

const NO_LEASES = () => false;

function compare(key: string, fields: Partial<Compare>): Compare {
  return { result: 0, target: 0, key: bytesOf(key), rangeEnd: bytesOf(""), ...fields };
}

function put(key: string, value: string, options = {}): RequestOp {
  const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false, ...options };
  return { requestPut: { key: bytesOf(key), value: bytesOf(value), ...flags } };
}

function get(key: string, revision = 0): RequestOp {
  return { requestRange: rangeRequest(bytesOf(key), bytesOf(""), { revision }) };
}

function del(key: string, rangeEnd = ""): RequestOp {
  return { requestDeleteRange: { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd), prevKv: false } };
}

function txn(compare: Compare[], success: RequestOp[], failure: RequestOp[] = []): TxnRequest {
  return { compare, success, failure };
}

Deno.test("executeTxn() decides nested comparisons on the state before the transaction", () => {
  const h = new StoreHarness();
  const absent = compare("a", { target: 2 });
  const inner = txn([absent], [put("seen", "before")], [put("seen", "after")]);
  executeTxn(h.store, txn([absent], [put("a", "1"), { requestTxn: inner }]), NO_LEASES);
  assertEquals(h.all(), ["a=1", "seen=before"]);
});

Deno.test("executeTxn() compares an absent key as zeros, but its value as false", () => {
  const h = new StoreHarness();
  h.put("b", "2");
  const succeeds = (compare: Compare) => {
    const result = executeTxn(h.store, txn([compare], []), NO_LEASES);
    return typeof result !== "string" && result.succeeded;
  };
  for (const target of [0, 1, 2, 4]) assertEquals(succeeds(compare("a", { target })), true);
  for (const result of [0, 1, 2, 3]) {
    assertEquals(succeeds(compare("a", { target: 3, result })), false);
    const nothing = { target: 3, result, rangeEnd: bytesOf("b") };
    assertEquals(succeeds(compare("a", nothing)), false, "an empty range is one absent key");
  }
  const whole = { rangeEnd: bytesOf("\0"), target: 0, result: 1, version: 0 };
  assertEquals(succeeds(compare("a", whole)), true, "every key of a range must hold");
});

Deno.test("executeTxn() writes nothing when anything on its path must fail", () => {
  const h = new StoreHarness();
  for (const value of ["1", "2", "3"]) h.put("a", value);
  h.compact(3);
  const cases: [RequestOp, MvccReason][] = [
    [get("a", 9), "future revision"],
    [get("a", 5), "future revision"],
    [get("a", 2), "compacted"],
    [get("a", -5), "compacted"],
    [put("b", "", { lease: 1n }), "lease not found"],
    [put("b", "", { ignoreValue: true }), "key not found"],
    [{ requestTxn: txn([], [get("a", 2)]) }, "compacted"],
  ];
  for (const [op, reason] of cases) {
    assertEquals(executeTxn(h.store, txn([], [put("a", "x"), op]), NO_LEASES), reason);
    assertEquals(typeof executeTxn(h.store, txn([], [get("a")], [op]), NO_LEASES), "object");
  }
  assertEquals([h.store.revision, h.all()], [4, ["a=3"]]);
});

Deno.test("executeTxn() refuses to keep the value of a key that it deletes before", () => {
  // The static check lets a delete "from this key on" pass; etcd 3.8 panics on this transaction.
  const h = new StoreHarness();
  h.put("b", "1");
  for (const options of [{ ignoreValue: true }, { ignoreLease: true }]) {
    const request = txn([], [del("a", "\0"), put("b", "", options)]);
    assertEquals(executeTxn(h.store, request, NO_LEASES), "key not found");
    const nested = txn([], [{ requestTxn: txn([], [del("a", "\0")]) }, put("b", "", options)]);
    assertEquals(executeTxn(h.store, nested, NO_LEASES), "key not found");
  }
  assertEquals(h.all(), ["b=1"]);
});

Deno.test("executeTxn() shows a transaction its own writes and one revision", () => {
  const h = new StoreHarness();
  h.put("a", "1");
  const ops = [get("a"), put("a", "2", { prevKv: true }), get("a"), del("a"), get("a"), del("a")];
  const result = executeTxn(h.store, txn([], ops), NO_LEASES);
  if (typeof result === "string") throw new Error(result);
  assertEquals(result.revision, 3);
  const revisions = result.responses.map((op) => (op.range ?? op.put ?? op.deleteRange)?.revision);
  assertEquals(revisions, [2, 3, 3, 3, 3, 3]);
  assertEquals([0, 2, 4].map((i) => result.responses[i].range?.count), [1, 1, 0]);
  assertEquals(result.responses[1].put?.prevKv?.value, bytesOf("1"));
  const nothing = executeTxn(h.store, txn([], [del("a")]), NO_LEASES);
  if (typeof nothing === "string") throw new Error(nothing);
  assertEquals([nothing.revision, h.store.revision], [3, 3]);
});

Deno.test("executePut() moves a key between leases and tells so", () => {
  const h = new StoreHarness();
  const told: string[] = [];
  h.store.leases = {
    attach: (lease) => told.push(`+${lease}`),
    detach: (lease) => told.push(`-${lease}`),
  };
  for (const options of [{ lease: 1n }, { lease: 1n }, { lease: 2n }, { ignoreLease: true }, {}]) {
    const { requestPut } = put("a", "", options);
    if (requestPut !== undefined) executePut(h.store, requestPut, () => true);
  }
  h.put("a", "", 3n);
  h.delete("a");
  assertEquals(told, ["+1", "-1", "+2", "-2", "+3", "-3"]);
});

Deno.test("isReadOnlyTxn() holds for nothing but ranges, in both branches", () => {
  const reads = [get("a"), get("b")];
  assertEquals(isReadOnlyTxn(txn([], reads, reads)), true);
  assertEquals(isReadOnlyTxn(txn([compare("a", {})], [], [])), true);
  assertEquals(isReadOnlyTxn(txn([], reads, [del("a")])), false);
  assertEquals(isReadOnlyTxn(txn([], [{ requestTxn: txn([], reads) }], [])), false);
});
