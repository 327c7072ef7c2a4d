import type { Prng } from "../../src/base/prng.ts";
import { create, encodeToBytes } from "../../src/proto/codec.ts";
import { MemberListRequest } from "../../src/proto/cluster.ts";
import { toJson } from "../../src/proto/json.ts";
import { LeaseGrantRequest, LeaseKeepAliveRequest } from "../../src/proto/lease.ts";
import { LeaseTimeToLiveRequest } from "../../src/proto/lease.ts";
import { StatusRequest } from "../../src/proto/maintenance.ts";
import { PutRequest, RangeRequest, TxnRequest } from "../../src/proto/kv.ts";
import type { MessageSchema } from "../../src/proto/schema.ts";
import { WatchCreateRequest, WatchRequest } from "../../src/proto/watch.ts";
import { pick, randomBytes } from "./conversation.ts";

/** A valid request in all its codings. Invariant: it does no harm to keys outside of `fuzz/`. */
export interface SampleRequest {
  /** Where it goes over gRPC. */
  readonly method: string;
  /** Where it goes over HTTP. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly json: string;
}

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

function sample<T extends object>(
  method: string,
  path: string,
  schema: MessageSchema<T>,
  fields: Partial<T>,
): SampleRequest {
  const message = create(schema, fields);
  return { method, path, bytes: encodeToBytes(schema, message), json: toJson(schema, message) };
}

type MakeSample = (key: Uint8Array, prng: Prng) => SampleRequest;

const SAMPLES: readonly MakeSample[] = [
  (key, prng) =>
    sample("/etcdserverpb.KV/Put", "/v3/kv/put", PutRequest, {
      key,
      value: randomBytes(prng, prng.between(0, 80)),
      prevKv: prng.chance(0.5),
    }),
  (key, prng) =>
    sample("/etcdserverpb.KV/Range", "/v3/kv/range", RangeRequest, {
      key,
      rangeEnd: ascii("fuzz0"),
      limit: prng.between(0, 5),
      serializable: prng.chance(0.5),
    }),
  (key) =>
    sample("/etcdserverpb.KV/Txn", "/v3/kv/txn", TxnRequest, {
      success: [
        { requestPut: create(PutRequest, { key, value: key }) },
        { requestRange: create(RangeRequest, { key }) },
      ],
    }),
  (_key, prng) =>
    sample("/etcdserverpb.Lease/LeaseGrant", "/v3/lease/grant", LeaseGrantRequest, {
      ttl: prng.between(1, 5),
    }),
  () =>
    sample("/etcdserverpb.Lease/LeaseKeepAlive", "/v3/lease/keepalive", LeaseKeepAliveRequest, {
      id: 7n,
    }),
  () =>
    sample("/etcdserverpb.Lease/LeaseTimeToLive", "/v3/lease/timetolive", LeaseTimeToLiveRequest, {
      id: 7n,
      keys: true,
    }),
  (key) =>
    sample("/etcdserverpb.Watch/Watch", "/v3/watch", WatchRequest, {
      createRequest: create(WatchCreateRequest, { key, rangeEnd: ascii("fuzz0") }),
    }),
  () => sample("/etcdserverpb.Maintenance/Status", "/v3/maintenance/status", StatusRequest, {}),
  () =>
    sample("/etcdserverpb.Cluster/MemberList", "/v3/cluster/member/list", MemberListRequest, {}),
];

/** Any of them. */
export function sampleRequest(prng: Prng): SampleRequest {
  return pick(prng, SAMPLES)(ascii(`fuzz/${prng.between(0, 500)}`), prng);
}
