import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import { create, decode, encodeToBytes } from "../../src/proto/codec.ts";
import { ResponseHeader } from "../../src/proto/header.ts";
import {
  Compare,
  PutRequest,
  PutResponse,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../../src/proto/kv.ts";
import type { MessageSchema } from "../../src/proto/schema.ts";
import { WatchCreateRequest, WatchResponse } from "../../src/proto/watch.ts";
import { MESSAGE_DEPTH_MAX } from "../../src/proto/wire_reader.ts";
import { withoutHandMade } from "./all_schemas.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

function assertRefused(schema: MessageSchema<object>, bytes: string): void {
  for (const each of [schema, withoutHandMade(schema)]) {
    assertThrows(() => decode(each, hex(bytes)), MalformedBytesError);
  }
}

/** A transaction that holds another one, and so on, as bytes. */
function nestedTxn(levels: number): Uint8Array {
  let txn = create(TxnRequest);
  for (let i = 1; i < levels; i++) txn = create(TxnRequest, { success: [{ requestTxn: txn }] });
  return encodeToBytes(TxnRequest, txn);
}

Deno.test("decode() gives byte strings that are views into what it read", () => {
  const bytes = encodeToBytes(
    PutRequest,
    create(PutRequest, { key: hex("61"), value: hex("6263") }),
  );
  const put = decode(PutRequest, bytes);
  assertStrictEquals(put.key.buffer, bytes.buffer);
  assertEquals(put.value, hex("6263"));
});

Deno.test("decode() skips unknown fields of every wire type", () => {
  // Field 100 as a varint, eight bytes, a length, a group with a field in it, and four bytes.
  const unknown = "a006 8001  a106 0102030405060708  a206 02 ffff  a306 0801 a406  a506 01020304";
  const put = decode(PutRequest, hex(`0a0161 ${unknown} 120162`));
  assertEquals(put, create(PutRequest, { key: hex("61"), value: hex("62") }));
});

Deno.test("decode() refuses a known field with another wire type", () => {
  assertRefused(PutRequest, "0801");
  assertRefused(PutRequest, "1a0101");
  assertRefused(PutResponse, "0801");
  assertRefused(WatchCreateRequest, "2d00000000");
  assertRefused(WatchResponse, "5801");
});

Deno.test("decode() refuses what is cut off, too big or not closed", () => {
  assertRefused(PutRequest, "0a");
  assertRefused(PutRequest, "0a0261");
  assertRefused(PutRequest, "0affffffff0f");
  assertRefused(PutRequest, "18ff");
  assertRefused(PutRequest, "18ffffffffffffffffff02");
  assertRefused(PutRequest, "18ffffffffffffffffff8001");
  assertRefused(PutRequest, "00");
  assertRefused(PutRequest, "a306");
  assertRefused(PutRequest, "a306 ac06");
  assertRefused(PutRequest, "a406");
  assertRefused(PutRequest, "a606");
  assertRefused(PutRequest, "8080808010 00");
});

Deno.test("decode() refuses an inner message that reaches past the outer one", () => {
  assertRefused(PutResponse, "0a02 0880 01");
});

Deno.test("decode() takes the last of several values and merges messages", () => {
  assertEquals(decode(PutRequest, hex("0a0161 0a0162")).key, hex("62"));
  const response = decode(PutResponse, hex("0a020801 0a0410021803"));
  const header = { clusterId: 1n, memberId: 2n, revision: 3, raftTerm: 0 };
  assertEquals(response.header, header);
});

Deno.test("decode() keeps the last member of a oneof and forgets the others", () => {
  const compare = decode(Compare, hex("2005 3007"));
  assertEquals(Object.keys(compare).toSorted(), [
    "key",
    "modRevision",
    "rangeEnd",
    "result",
    "target",
  ]);
  assertEquals(compare.modRevision, 7);
  const op = decode(RequestOp, hex("0a030a0161 12030a0162 1203120163"));
  assertEquals(op, { requestPut: create(PutRequest, { key: hex("62"), value: hex("63") }) });
});

Deno.test("decode() reads repeated numbers packed and one by one", () => {
  assertEquals(decode(WatchCreateRequest, hex("2a020001")).filters, [0, 1]);
  assertEquals(decode(WatchCreateRequest, hex("2801 2a0100 2801")).filters, [1, 0, 1]);
});

Deno.test("decode() reads negative numbers of ten bytes", () => {
  const minusOne = "ffffffffffffffffff01";
  assertEquals(decode(WatchResponse, hex(`10${minusOne} 28${minusOne}`)).watchId, -1);
  assertEquals(decode(RangeRequest, hex(`18${minusOne} 20${minusOne}`)).revision, -1);
  assertEquals(decode(PutRequest, hex(`18${minusOne}`)).lease, -1n);
  assertEquals(decode(ResponseHeader, hex(`08${minusOne}`)).clusterId, 0xffff_ffff_ffff_ffffn);
});

Deno.test("decode() refuses integers past 2^53 unless they are only compared or identify", () => {
  assertEquals(decode(ResponseHeader, hex("18ffffffffffffff0f")).revision, Number.MAX_SAFE_INTEGER);
  assertRefused(ResponseHeader, "188080808080808010");
  assertRefused(ResponseHeader, "20ffffffffffffffffff01");
  // etcd's software transactions say "any revision" with 2^63 - 1.
  const compare = decode(Compare, hex("30ffffffffffffffff7f"));
  assertEquals(compare.modRevision, Number.MAX_SAFE_INTEGER);
  assertEquals(decode(PutRequest, hex("18ffffffffffffffff7f")).lease, 2n ** 63n - 1n);
});

Deno.test("decode() bounds how deep transactions nest", () => {
  const allowed = MESSAGE_DEPTH_MAX / 2 + 1;
  assertEquals(
    encodeToBytes(TxnRequest, decode(TxnRequest, nestedTxn(allowed))),
    nestedTxn(allowed),
  );
  assertThrows(() => decode(TxnRequest, nestedTxn(allowed + 1)), MalformedBytesError);
});

Deno.test("encode() writes a present member of a oneof even if it is zero", () => {
  assertEquals(encodeToBytes(Compare, create(Compare, { version: 0 })), hex("2000"));
  assertEquals(encodeToBytes(Compare, create(Compare)), hex(""));
});

Deno.test("create() gives each message arrays of its own", () => {
  const txn = create(TxnRequest);
  txn.compare.push(create(Compare));
  assertEquals(create(TxnRequest).compare, []);
});
