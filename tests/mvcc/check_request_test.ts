import { assertEquals } from "@std/assert";
import {
  checkDeleteRangeRequest,
  checkPutRequest,
  checkRangeRequest,
  checkTxnRequest,
} from "../../src/mvcc/check_request.ts";
import { rangeRequest, type RequestOp, type TxnRequest } from "../../src/mvcc/requests.ts";
import { bytesOf } from "../model/kv_model.ts";

function put(key: string): RequestOp {
  return {
    requestPut: {
      key: bytesOf(key),
      value: bytesOf(""),
      lease: 0n,
      prevKv: false,
      ignoreValue: false,
      ignoreLease: false,
    },
  };
}

function del(key: string, rangeEnd = ""): RequestOp {
  return { requestDeleteRange: { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd), prevKv: false } };
}

function nested(success: RequestOp[], failure: RequestOp[] = []): RequestOp {
  return { requestTxn: txn(success, failure) };
}

function txn(success: RequestOp[], failure: RequestOp[] = []): TxnRequest {
  return { compare: [], success, failure };
}

Deno.test("checkTxnRequest() finds what is written twice", () => {
  const cases: [string, TxnRequest, string | null][] = [
    ["different keys", txn([put("a"), put("b")]), null],
    ["a key twice", txn([put("a"), put("a")]), "duplicate key"],
    ["in the other branch", txn([], [put("a"), put("a")]), "duplicate key"],
    ["once in each branch", txn([put("a")], [put("a")]), null],
    ["in both branches of a nested one", txn([nested([put("a")], [put("a")])]), null],
    ["in two nested ones", txn([nested([put("a")]), nested([], [put("a")])]), "duplicate key"],
    ["in a nested one and outside", txn([put("a"), nested([put("a")])]), "duplicate key"],
    ["deleted and put", txn([del("a"), put("a")]), "duplicate key"],
    ["put and deleted", txn([put("b"), del("a", "c")]), "duplicate key"],
    ["put at the end of a delete", txn([put("c"), del("a", "c")]), null],
    ["deleted outside, put nested", txn([nested([put("b")]), del("a", "c")]), "duplicate key"],
    ["deleted nested, put outside", txn([nested([], [del("b")]), put("b")]), "duplicate key"],
    [
      "nested delete before nested put",
      txn([nested([del("b")]), nested([put("b")])]),
      "duplicate key",
    ],
    ["nested put before nested delete", txn([nested([put("b")]), nested([del("b")])]), null],
    ["deletes that overlap", txn([del("a", "c"), del("b", "d")]), null],
    ["a delete from a key on", txn([del("a", "\0"), put("b")]), null],
    ["a key with a zero byte after", txn([del("a"), put("a\0")]), null],
  ];
  for (const [what, request, reason] of cases) assertEquals(checkTxnRequest(request), reason, what);
});

Deno.test("checkTxnRequest() counts operations, nested ones against what is left", () => {
  const puts = (count: number) => Array.from({ length: count }, (_, i) => put(`${i}`));
  assertEquals(checkTxnRequest(txn(puts(128))), null);
  assertEquals(checkTxnRequest(txn(puts(129))), "too many operations");
  assertEquals(checkTxnRequest(txn(puts(100), puts(128))), null);
  assertEquals(checkTxnRequest(txn([nested(puts(127))])), null);
  assertEquals(checkTxnRequest(txn([nested(puts(128))])), "too many operations");
  const compare = { result: 0, target: 0, key: bytesOf("a"), rangeEnd: bytesOf("") };
  const compares = Array.from({ length: 129 }, () => compare);
  assertEquals(checkTxnRequest({ ...txn([]), compare: compares }), "too many operations");
  let deep = put("a");
  for (let i = 0; i < 127; i++) deep = nested([deep]);
  assertEquals(checkTxnRequest(txn([deep])), null);
  assertEquals(checkTxnRequest(txn([nested([deep])])), "too many operations");
});

Deno.test("checkTxnRequest() passes on what is wrong with an operation", () => {
  const compare = { result: 0, target: 0, key: bytesOf(""), rangeEnd: bytesOf("") };
  assertEquals(checkTxnRequest({ ...txn([]), compare: [compare] }), "key not provided");
  assertEquals(checkTxnRequest(txn([put("")])), "key not provided");
  assertEquals(checkTxnRequest(txn([nested([del("")])])), "key not provided");
  assertEquals(checkTxnRequest(txn([{}])), "key not found");
});

Deno.test("checkTxnRequest() takes thousands of operations", () => {
  // 64 nested transactions of 64 operations: more than four thousand puts and as many deletes.
  const branches = Array.from({ length: 64 }, (_, i) => {
    return nested(Array.from({ length: 64 }, (_, j) => put(`p ${i} ${j}`)));
  });
  const deletes = Array.from({ length: 64 }, (_, i) => {
    return nested(Array.from({ length: 64 }, (_, j) => del(`d ${i} ${j}`)));
  });
  assertEquals(checkTxnRequest(txn(branches, deletes)), null);
});

Deno.test("checkRangeRequest() and its like refuse what etcd refuses", () => {
  const range = rangeRequest(bytesOf("a"), bytesOf(""));
  assertEquals(checkRangeRequest(range), null);
  assertEquals(checkRangeRequest({ ...range, key: bytesOf("") }), "key not provided");
  assertEquals(checkRangeRequest({ ...range, sortOrder: 3 }), "invalid sort option");
  assertEquals(checkRangeRequest({ ...range, sortTarget: 5 }), "invalid sort option");
  assertEquals(checkRangeRequest({ ...range, sortTarget: -1 }), "invalid sort option");
  const { requestPut } = put("a");
  if (requestPut === undefined) throw new Error("unreachable");
  const value = bytesOf("v");
  assertEquals(checkPutRequest({ ...requestPut, ignoreValue: true, value }), "value provided");
  assertEquals(checkPutRequest({ ...requestPut, ignoreLease: true, lease: 1n }), "lease provided");
  assertEquals(checkPutRequest({ ...requestPut, key: bytesOf("") }), "key not provided");
  assertEquals(checkPutRequest({ ...requestPut, key: new Uint8Array(1_500_000) }), null);
  const noKey = { key: bytesOf(""), rangeEnd: bytesOf(""), prevKv: false };
  assertEquals(checkDeleteRangeRequest(noKey), "key not provided");
});
