/** How fast the hot messages are written and read, and what hand-made codecs win over the generic one. */
import { say } from "../tools/say.ts";
import { ByteWriter } from "../src/base/byte_writer.ts";
import { create, decode, encode, encodeToBytes } from "../src/proto/codec.ts";
import { ResponseHeader } from "../src/proto/header.ts";
import { fromJson, toJson } from "../src/proto/json.ts";
import {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  Event,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../src/proto/kv.ts";
import "../src/proto/server_half.ts";
import type { MessageSchema } from "../src/proto/schema.ts";
import { WatchResponse } from "../src/proto/watch.ts";
import { withoutHandMade } from "../tests/proto/all_schemas.ts";

const key = new Uint8Array(24).fill(0x61);
const value = new Uint8Array(100).fill(0x62);
const header = create(ResponseHeader, {
  clusterId: 0xcdf818194e3a8c32n,
  memberId: 0x8e9e05c52164694dn,
  revision: 1_234_567,
  raftTerm: 7,
});
const kv = create(KeyValue, {
  key,
  createRevision: 1_000_123,
  modRevision: 1_234_567,
  version: 42,
  value,
});
const put = create(PutRequest, { key, value });
const compare = create(Compare, { target: 2, key, modRevision: 1_234_567 });
const putAnswer = create(PutResponse, { header });
const range100 = create(RangeResponse, { header, kvs: new Array(100).fill(kv), count: 100 });

const CASES: readonly (readonly [string, MessageSchema<object>, object])[] = [
  ["PutRequest", PutRequest, put],
  ["PutResponse", PutResponse, putAnswer],
  ["RangeRequest", RangeRequest, create(RangeRequest, { key, rangeEnd: key, limit: 500 })],
  ["RangeResponse of 1", RangeResponse, create(RangeResponse, { header, kvs: [kv], count: 1 })],
  ["RangeResponse of 100", RangeResponse, range100],
  ["DeleteRangeRequest", DeleteRangeRequest, create(DeleteRangeRequest, { key })],
  ["DeleteRangeResponse", DeleteRangeResponse, create(DeleteRangeResponse, { header, deleted: 1 })],
  [
    "TxnRequest (compare, put, else range)",
    TxnRequest,
    {
      compare: [compare],
      success: [{ requestPut: put }],
      failure: [{ requestRange: create(RangeRequest, { key }) }],
    },
  ],
  [
    "TxnResponse (put)",
    TxnResponse,
    { header, succeeded: true, responses: [{ responsePut: putAnswer }] },
  ],
  [
    "WatchResponse of 1",
    WatchResponse,
    create(WatchResponse, { header, watchId: 3, events: [create(Event, { kv, prevKv: kv })] }),
  ],
];

const ROUNDS = 7;
const ROUND_MS = 40;

/** The median rate of `run` in calls per second. */
function rate(run: () => unknown): number {
  const rates: number[] = [];
  let batch = 16;
  for (let round = 0; round <= ROUNDS; round++) {
    let calls = 0;
    const start = performance.now();
    let elapsedMs = 0;
    while (elapsedMs < ROUND_MS) {
      for (let i = 0; i < batch; i++) sink = run();
      calls += batch;
      elapsedMs = performance.now() - start;
    }
    batch = Math.max(16, Math.floor(calls / 20));
    if (round > 0) rates.push(calls / elapsedMs * 1000);
  }
  return rates.sort((a, b) => a - b)[ROUNDS >> 1];
}
let sink: unknown;

function perSecond(callsPerSecond: number): string {
  return `${(callsPerSecond / 1e6).toFixed(callsPerSecond < 1e6 ? 3 : 2)} M/s`.padStart(11);
}

const writer = new ByteWriter(1 << 16);
function rates(schema: MessageSchema<object>, message: object): [number, number] {
  const bytes = encodeToBytes(schema, message);
  const encodeRate = rate(() => {
    writer.reset();
    encode(schema, message, writer);
  });
  return [encodeRate, rate(() => decode(schema, bytes))];
}

for (const [label, schema, message] of CASES) {
  const [encodeGeneric, decodeGeneric] = rates(withoutHandMade(schema), message);
  const [encodeRate, decodeRate] = rates(schema, message);
  say(
    [
      label.padEnd(38),
      `encode ${perSecond(encodeRate)} (x${(encodeRate / encodeGeneric).toFixed(1)})`,
      ` decode ${perSecond(decodeRate)} (x${(decodeRate / decodeGeneric).toFixed(1)})`,
    ].join(" "),
  );
}
for (const [label, schema, message] of CASES) {
  const parsed: unknown = JSON.parse(toJson(schema, message));
  say(
    [
      label.padEnd(38),
      `toJson ${perSecond(rate(() => toJson(schema, message)))}`,
      ` fromJson ${perSecond(rate(() => fromJson(schema, parsed)))}`,
    ].join(" "),
  );
}
if (sink === null) say("The results are used.");
