/** The methods that the client calls, with what each transport and the rules for retries need. */
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../proto/kv.ts";
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from "../proto/lease.ts";
import { methodNumber } from "../proto/multiplex/method.ts";
import type { MessageSchema } from "../proto/schema.ts";
import { WatchRequest, WatchResponse } from "../proto/watch.ts";

/**
 * Whether a call that was sent and not answered may be sent again: a "read" may; a "write" may when
 * the transport carries its request identity.
 */
export type MethodKind = "read" | "write";

/** A method of a service. */
export interface ClientMethod<Q extends object, A extends object> {
  readonly number: number;
  readonly kind: MethodKind;
  /** Its path in the JSON gateway. */
  readonly path: string;
  readonly request: MessageSchema<Q>;
  readonly response: MessageSchema<A>;
}

function method<Q extends object, A extends object>(
  kind: MethodKind,
  name: string,
  path: string,
  request: MessageSchema<Q>,
  response: MessageSchema<A>,
): ClientMethod<Q, A> {
  return { number: methodNumber(name) as number, kind, path, request, response };
}

export const RANGE: ClientMethod<RangeRequest, RangeResponse> = method(
  "read",
  "/etcdserverpb.KV/Range",
  "/v3/kv/range",
  RangeRequest,
  RangeResponse,
);

export const PUT: ClientMethod<PutRequest, PutResponse> = method(
  "write",
  "/etcdserverpb.KV/Put",
  "/v3/kv/put",
  PutRequest,
  PutResponse,
);

export const DELETE_RANGE: ClientMethod<DeleteRangeRequest, DeleteRangeResponse> = method(
  "write",
  "/etcdserverpb.KV/DeleteRange",
  "/v3/kv/deleterange",
  DeleteRangeRequest,
  DeleteRangeResponse,
);

export const TXN: ClientMethod<TxnRequest, TxnResponse> = method(
  "write",
  "/etcdserverpb.KV/Txn",
  "/v3/kv/txn",
  TxnRequest,
  TxnResponse,
);

export const COMPACT: ClientMethod<CompactionRequest, CompactionResponse> = method(
  "write",
  "/etcdserverpb.KV/Compact",
  "/v3/kv/compaction",
  CompactionRequest,
  CompactionResponse,
);

export const WATCH: ClientMethod<WatchRequest, WatchResponse> = method(
  "read",
  "/etcdserverpb.Watch/Watch",
  "/v3/watch",
  WatchRequest,
  WatchResponse,
);

export const LEASE_GRANT: ClientMethod<LeaseGrantRequest, LeaseGrantResponse> = method(
  "write",
  "/etcdserverpb.Lease/LeaseGrant",
  "/v3/lease/grant",
  LeaseGrantRequest,
  LeaseGrantResponse,
);

export const LEASE_REVOKE: ClientMethod<LeaseRevokeRequest, LeaseRevokeResponse> = method(
  "write",
  "/etcdserverpb.Lease/LeaseRevoke",
  "/v3/lease/revoke",
  LeaseRevokeRequest,
  LeaseRevokeResponse,
);

/** Why a "read": to renew a lease twice is to renew it. */
export const LEASE_KEEP_ALIVE: ClientMethod<LeaseKeepAliveRequest, LeaseKeepAliveResponse> = method(
  "read",
  "/etcdserverpb.Lease/LeaseKeepAlive",
  "/v3/lease/keepalive",
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
);

export const LEASE_TIME_TO_LIVE: ClientMethod<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> =
  method(
    "read",
    "/etcdserverpb.Lease/LeaseTimeToLive",
    "/v3/lease/timetolive",
    LeaseTimeToLiveRequest,
    LeaseTimeToLiveResponse,
  );

export const LEASE_LEASES: ClientMethod<LeaseLeasesRequest, LeaseLeasesResponse> = method(
  "read",
  "/etcdserverpb.Lease/LeaseLeases",
  "/v3/lease/leases",
  LeaseLeasesRequest,
  LeaseLeasesResponse,
);
