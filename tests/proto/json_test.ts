import { assertEquals, assertThrows } from "@std/assert";
import { create } from "../../src/proto/codec.ts";
import { MemberAddRequest } from "../../src/proto/cluster.ts";
import { ResponseHeader } from "../../src/proto/header.ts";
import { fromJson, JsonMappingError, toJson } from "../../src/proto/json.ts";
import { Compare, PutResponse, RangeRequest, TxnRequest } from "../../src/proto/kv.ts";
import { LeaseGrantRequest, LeaseTimeToLiveResponse } from "../../src/proto/lease.ts";
import { HashKVResponse } from "../../src/proto/maintenance.ts";
import type { MessageSchema } from "../../src/proto/schema.ts";
import { WatchCreateRequest, WatchResponse } from "../../src/proto/watch.ts";
import { MESSAGE_DEPTH_MAX } from "../../src/proto/wire_reader.ts";

function parse<T extends object>(schema: MessageSchema<T>, json: string): T {
  return fromJson(schema, JSON.parse(json));
}

function assertRefused(schema: MessageSchema<object>, json: string, message: string): void {
  assertThrows(() => parse(schema, json), JsonMappingError, message);
}

Deno.test("toJson() writes what etcd's gateway writes", () => {
  const header = create(ResponseHeader, {
    clusterId: 14841639068965178418n,
    memberId: 10276657743932975437n,
    revision: 2,
    raftTerm: 2,
  });
  assertEquals(
    toJson(PutResponse, create(PutResponse, { header })),
    '{"header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437",' +
      '"revision":"2","raft_term":"2"}}',
  );
  assertEquals(
    toJson(WatchResponse, create(WatchResponse, { header: create(ResponseHeader), created: true })),
    '{"header":{},"created":true}',
  );
  assertEquals(
    toJson(HashKVResponse, create(HashKVResponse, { hash: 3234663075, compactRevision: -1 })),
    '{"hash":3234663075,"compact_revision":"-1"}',
  );
  assertEquals(
    toJson(LeaseTimeToLiveResponse, create(LeaseTimeToLiveResponse, { id: 1n, ttl: -1 })),
    '{"ID":"1","TTL":"-1"}',
  );
});

Deno.test("toJson() writes a present member of a oneof even if it is zero", () => {
  assertEquals(toJson(Compare, create(Compare, { modRevision: 0 })), '{"mod_revision":"0"}');
});

Deno.test("fromJson() takes both names, integers in both forms and both alphabets", () => {
  const wanted = create(RangeRequest, {
    key: new Uint8Array([0xff, 0xef]),
    rangeEnd: new Uint8Array([0xff]),
    limit: 5,
    sortTarget: 3,
    keysOnly: true,
  });
  for (
    const json of [
      '{"key":"/+8=","range_end":"/w==","limit":5,"sort_target":"MOD","keys_only":true}',
      '{"key":"_-8","rangeEnd":"_w","limit":"5","sortTarget":3,"keysOnly":true}',
      '{"key":"/+8","rangeEnd":"_w==","limit":"5.0e0","sortTarget":3,"keysOnly":true,"x":[{}]}',
      '{"key":"_-8","rangeEnd":"_w","limit":"5","sortTarget":3,"keysOnly":true,"revision":null}',
    ]
  ) assertEquals(parse(RangeRequest, json), wanted, json);
  assertEquals(parse(MemberAddRequest, '{"peerURLs":["http://a"]}').peerUrls, ["http://a"]);
});

Deno.test("fromJson() ignores unknown names of enums' values, as etcd does", () => {
  assertEquals(parse(RangeRequest, '{"sort_order":"UP"}').sortOrder, 0);
  assertEquals(parse(RangeRequest, '{"sort_order":"toString"}').sortOrder, 0);
  assertEquals(parse(WatchCreateRequest, '{"filters":["X","NODELETE",7]}').filters, [1, 7]);
});

Deno.test("fromJson() keeps all digits of identifiers that are strings or bigint", () => {
  const id = 7587862094959464205n;
  assertEquals(parse(LeaseGrantRequest, `{"ID":"${id}"}`).id, id);
  assertEquals(fromJson(LeaseGrantRequest, { ID: id }).id, id);
  assertEquals(parse(LeaseGrantRequest, '{"ID":7}').id, 7n);
});

Deno.test("fromJson() takes a revision past 2^53 only where it is only compared", () => {
  for (const max of ['"9223372036854775807"', "9223372036854775807"]) {
    assertEquals(parse(Compare, `{"mod_revision":${max}}`).modRevision, Number.MAX_SAFE_INTEGER);
  }
  assertRefused(
    ResponseHeader,
    '{"revision":"9007199254740992"}',
    'proto: invalid value for int64 field revision: "9007199254740992"',
  );
});

Deno.test("fromJson() refuses values of the wrong form with protojson's words", () => {
  const cases: [string, string][] = [
    ['{"key":5}', "proto: invalid value for bytes field key: 5"],
    ['{"key":"!!"}', 'proto: invalid value for bytes field key: "!!"'],
    ['{"limit":1.5}', "proto: invalid value for int64 field limit: 1.5"],
    ['{"limit":" 1"}', 'proto: invalid value for int64 field limit: " 1"'],
    ['{"limit":"01"}', 'proto: invalid value for int64 field limit: "01"'],
    ['{"limit":{"a":1}}', "proto: invalid value for int64 field limit: {"],
    ['{"keys_only":"true"}', 'proto: invalid value for bool field keysOnly: "true"'],
    ['{"sort_order":1.5}', "proto: invalid value for enum field sortOrder: 1.5"],
    ["[]", "proto: syntax error: unexpected token ["],
    ["null", "proto: syntax error: unexpected token null"],
    ['{"range_end":"","rangeEnd":""}', 'proto: duplicate field "rangeEnd"'],
  ];
  for (const [json, message] of cases) assertRefused(RangeRequest, json, message);
  assertRefused(TxnRequest, '{"compare":{}}', "proto: syntax error: unexpected token {");
  assertRefused(TxnRequest, '{"compare":[null]}', "proto: syntax error: unexpected token null");
  assertRefused(
    Compare,
    '{"version":"1","createRevision":"0"}',
    'proto: error parsing "createRevision", oneof etcdserverpb.Compare.target_union is already set',
  );
});

Deno.test("fromJson() bounds how deep transactions nest", () => {
  const levels = MESSAGE_DEPTH_MAX;
  const json = '{"success":[{"request_txn":'.repeat(levels) + "{}" + "}]}".repeat(levels);
  assertRefused(TxnRequest, json, "proto: exceeded max recursion depth");
});
