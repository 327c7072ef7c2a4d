import { assertEquals, assertThrows } from "@std/assert";
import { RpcError } from "../../../src/api/errors.ts";
import { decodeJson } from "../../../src/api/gateway/json_decode.ts";
import { PutRequest, RangeRequest, TxnRequest } from "../../../src/proto/kv.ts";
import type { MessageSchema } from "../../../src/proto/schema.ts";
import { WatchRequest } from "../../../src/proto/watch.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function fault<T extends object>(schema: MessageSchema<T>, text: string): string {
  return assertThrows(() => decodeJson(schema, encode(text)), RpcError).message;
}

Deno.test("decodeJson() takes what etcd's gateway takes", () => {
  const a = encode("a");
  const put = (text: string) => decodeJson(PutRequest, encode(text));
  assertEquals(put('{"key":"YQ==","prevKv":true}').prevKv, true);
  assertEquals(put('{"key":"YQ==","prev_kv":true}').prevKv, true);
  assertEquals(put('{"key":"YQ=="} trailing').key, a);
  assertEquals(put('{"key":"YQ=="}{"key":"Yg=="}').key, a);
  assertEquals(put('{"key":"YQ==","unknown":{"a":[1]}}').key, a);
  assertEquals(put('{"key":"YQ==","lease":null}').lease, 0n);
  for (const empty of ["", " \n", "null", "{}"]) assertEquals(put(empty).key.length, 0);
});

Deno.test("decodeJson() keeps identifiers exact, as numbers and as text", () => {
  for (const id of ["1234567890123456789", "9223372036854775807", "-9223372036854775808"]) {
    for (const json of [id, `"${id}"`]) {
      assertEquals(decodeJson(PutRequest, encode(`{"lease":${json}}`)).lease, BigInt(id));
      assertEquals(decodeJson(PutRequest, encode(`{"lease": ${json}}`)).lease, BigInt(id));
    }
  }
});

Deno.test("decodeJson() refuses in the words of etcd's gateway", () => {
  const intoGo = (what: string, type: string) =>
    `json: cannot unmarshal ${what} into Go value of type ${type}`;
  const puts: Record<string, string> = {
    '{"key":"YQ=="': "unexpected EOF",
    '{"key":"YQ==",}': "invalid character '}' looking for beginning of object key string",
    "[]": intoGo("array", "map[string]json.RawMessage"),
    '"x"': intoGo("string", "map[string]json.RawMessage"),
    "5": intoGo("number", "map[string]json.RawMessage"),
    "true": intoGo("bool", "map[string]json.RawMessage"),
    '{"key":5}': intoGo("number", "[]uint8"),
    '{"value":{}}': intoGo("object", "[]uint8"),
    '{"value":[300]}': intoGo("number 300", "uint8"),
    '{"key":"%%%"}': "illegal base64 data at input byte 0",
    '{"key":"Y Q=="}': "illegal base64 data at input byte 1",
    '{"key":"YWJjZ"}': "illegal base64 data at input byte 4",
    '{"key":"YWJj="}': "illegal base64 data at input byte 4",
    '{"key":"YQ==YQ=="}': "illegal base64 data at input byte 4",
    '{"lease":"abc"}': "invalid character 'a' looking for beginning of value",
    '{"lease":""}': "unexpected end of JSON input",
    '{"lease":"0x10"}': "invalid character 'x' after top-level value",
    '{"lease":1.5}': intoGo("number 1.5", "int64"),
    '{"lease":true}': intoGo("bool", "int64"),
    '{"lease":[]}': intoGo("array", "int64"),
    '{"lease":9223372036854775808}': intoGo("number 9223372036854775808", "int64"),
    '{"lease":"-9223372036854775809"}': intoGo("number -9223372036854775809", "int64"),
    '{"prev_kv":"true"}': intoGo("string", "bool"),
    '{"prev_kv":1}': intoGo("number", "bool"),
    // The declaration order of the fields decides which fault is told.
    '{"prev_kv":1,"key":5}': intoGo("number", "[]uint8"),
  };
  for (const [text, message] of Object.entries(puts)) {
    assertEquals(fault(PutRequest, text), message, text);
  }
  const sortOrder = "etcdserverpb.RangeRequest_SortOrder";
  assertEquals(fault(RangeRequest, '{"sort_order":true}'), intoGo("bool", sortOrder));
  assertEquals(
    fault(RangeRequest, '{"sort_order":99999999999}'),
    intoGo("number 99999999999", sortOrder),
  );
  assertEquals(fault(TxnRequest, '{"success":{"a":1}}'), intoGo("object", "[]json.RawMessage"));
  assertEquals(
    fault(TxnRequest, '{"success":[5]}'),
    intoGo("number", "map[string]json.RawMessage"),
  );
  assertEquals(
    fault(WatchRequest, '{"create_request":{"filters":"NOPUT"}}'),
    'invalid target "slice" for enum etcdserverpb.WatchCreateRequest_FilterType',
  );
});

Deno.test("decodeJson() survives any depth", () => {
  const nested = (depth: number) =>
    encode('{"success":[{"request_txn":'.repeat(depth) + "{}" + "}]}".repeat(depth));
  assertEquals(decodeJson(TxnRequest, nested(20)).success.length, 1);
  for (const depth of [200, 3_000, 4_000, 50_000]) {
    assertThrows(() => decodeJson(TxnRequest, nested(depth)), RpcError);
  }
  assertEquals(
    assertThrows(() => decodeJson(TxnRequest, nested(4_000)), RpcError).message,
    "invalid character '[' exceeded max depth",
  );
  const unknown = encode(`{"unknown":${"[".repeat(9_000)}${"]".repeat(9_000)}}`);
  assertEquals(decodeJson(TxnRequest, unknown).success, []);
});
