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
import type { MethodNumber } from "../proto/multiplex/method.ts";
import type { MessageSchema } from "../proto/schema.ts";
import { WatchRequest, WatchResponse } from "../proto/watch.ts";

/**
 * Whether a call that was sent and not answered may be sent again: a "read" may; a "write" may when
 * the transport carries its request identity; what is to happen "once" and has no identity may not.
 */
export type MethodKind = "read" | "write" | "once";

/** A method of a service. */
export interface ClientMethod<Q extends object, A extends object> {
  readonly number: MethodNumber;
  readonly kind: MethodKind;
  /** Its path in the JSON gateway. */
  readonly path: string;
  readonly request: MessageSchema<Q>;
  readonly response: MessageSchema<A>;
}

/**
 * Makes a method. The calls are marked as pure and the numbers are written out, so that bundlers leave
 * out what nobody uses.
 */
export function method<Q extends object, A extends object>(
  kind: MethodKind,
  number: MethodNumber,
  path: string,
  request: MessageSchema<Q>,
  response: MessageSchema<A>,
): ClientMethod<Q, A> {
  return { number, kind, path, request, response };
}

export const RANGE: ClientMethod<RangeRequest, RangeResponse> = /* @__PURE__ */ method(
  "read",
  1 satisfies typeof MethodNumber.Range,
  "/v3/kv/range",
  RangeRequest,
  RangeResponse,
);

export const PUT: ClientMethod<PutRequest, PutResponse> = /* @__PURE__ */ method(
  "write",
  2 satisfies typeof MethodNumber.Put,
  "/v3/kv/put",
  PutRequest,
  PutResponse,
);

export const DELETE_RANGE: ClientMethod<DeleteRangeRequest, DeleteRangeResponse> =
  /* @__PURE__ */ method(
    "write",
    3 satisfies typeof MethodNumber.DeleteRange,
    "/v3/kv/deleterange",
    DeleteRangeRequest,
    DeleteRangeResponse,
  );

export const TXN: ClientMethod<TxnRequest, TxnResponse> = /* @__PURE__ */ method(
  "write",
  4 satisfies typeof MethodNumber.Txn,
  "/v3/kv/txn",
  TxnRequest,
  TxnResponse,
);

export const COMPACT: ClientMethod<CompactionRequest, CompactionResponse> = /* @__PURE__ */ method(
  "write",
  5 satisfies typeof MethodNumber.Compact,
  "/v3/kv/compaction",
  CompactionRequest,
  CompactionResponse,
);

export const WATCH: ClientMethod<WatchRequest, WatchResponse> = /* @__PURE__ */ method(
  "read",
  10 satisfies typeof MethodNumber.Watch,
  "/v3/watch",
  WatchRequest,
  WatchResponse,
);

export const LEASE_GRANT: ClientMethod<LeaseGrantRequest, LeaseGrantResponse> =
  /* @__PURE__ */ method(
    "write",
    20 satisfies typeof MethodNumber.LeaseGrant,
    "/v3/lease/grant",
    LeaseGrantRequest,
    LeaseGrantResponse,
  );

export const LEASE_REVOKE: ClientMethod<LeaseRevokeRequest, LeaseRevokeResponse> =
  /* @__PURE__ */ method(
    "write",
    21 satisfies typeof MethodNumber.LeaseRevoke,
    "/v3/lease/revoke",
    LeaseRevokeRequest,
    LeaseRevokeResponse,
  );

/** Why a "read": to renew a lease twice is to renew it. */
export const LEASE_KEEP_ALIVE: ClientMethod<LeaseKeepAliveRequest, LeaseKeepAliveResponse> =
  /* @__PURE__ */ method(
    "read",
    24 satisfies typeof MethodNumber.LeaseKeepAlive,
    "/v3/lease/keepalive",
    LeaseKeepAliveRequest,
    LeaseKeepAliveResponse,
  );

export const LEASE_TIME_TO_LIVE: ClientMethod<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> =
  /* @__PURE__ */ method(
    "read",
    22 satisfies typeof MethodNumber.LeaseTimeToLive,
    "/v3/lease/timetolive",
    LeaseTimeToLiveRequest,
    LeaseTimeToLiveResponse,
  );

export const LEASE_LEASES: ClientMethod<LeaseLeasesRequest, LeaseLeasesResponse> =
  /* @__PURE__ */ method(
    "read",
    23 satisfies typeof MethodNumber.LeaseLeases,
    "/v3/lease/leases",
    LeaseLeasesRequest,
    LeaseLeasesResponse,
  );
