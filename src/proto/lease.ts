import type { LeaseId } from "../base/ids.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import {
  bool,
  bytes,
  int64,
  int64Clamped,
  int64Id,
  message,
  MessageSchema,
  repeated,
  string,
} from "./schema.ts";

/** Creates a lease. */
export interface LeaseGrantRequest {
  /** Seconds. */
  ttl: number;
  /** Zero lets the server choose. */
  id: LeaseId;
}

/** The schema of {@linkcode LeaseGrantRequest}. */
export const LeaseGrantRequest: MessageSchema<LeaseGrantRequest> = new MessageSchema<
  LeaseGrantRequest
>("etcdserverpb.LeaseGrantRequest", { ttl: int64Clamped(1, "TTL"), id: int64Id(2, "ID") });

/** The answer to {@linkcode LeaseGrantRequest}. */
export interface LeaseGrantResponse {
  header?: ResponseHeader;
  id: LeaseId;
  /** The seconds that were granted. */
  ttl: number;
  error: string;
}

/** The schema of {@linkcode LeaseGrantResponse}. */
export const LeaseGrantResponse: MessageSchema<LeaseGrantResponse> = new MessageSchema<
  LeaseGrantResponse
>("etcdserverpb.LeaseGrantResponse", {
  header: HEADER,
  id: int64Id(2, "ID"),
  ttl: int64(3, "TTL"),
  error: string(4),
});

/** Ends a lease and deletes its keys. */
export interface LeaseRevokeRequest {
  id: LeaseId;
}

/** The schema of {@linkcode LeaseRevokeRequest}. */
export const LeaseRevokeRequest: MessageSchema<LeaseRevokeRequest> = new MessageSchema<
  LeaseRevokeRequest
>("etcdserverpb.LeaseRevokeRequest", { id: int64Id(1, "ID") });

/** The answer to {@linkcode LeaseRevokeRequest}. */
export interface LeaseRevokeResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode LeaseRevokeResponse}. */
export const LeaseRevokeResponse: MessageSchema<LeaseRevokeResponse> = new MessageSchema<
  LeaseRevokeResponse
>("etcdserverpb.LeaseRevokeResponse", { header: HEADER });

/** Renews a lease. */
export interface LeaseKeepAliveRequest {
  id: LeaseId;
}

/** The schema of {@linkcode LeaseKeepAliveRequest}. */
export const LeaseKeepAliveRequest: MessageSchema<LeaseKeepAliveRequest> = new MessageSchema<
  LeaseKeepAliveRequest
>("etcdserverpb.LeaseKeepAliveRequest", { id: int64Id(1, "ID") });

/** The answer to {@linkcode LeaseKeepAliveRequest}. */
export interface LeaseKeepAliveResponse {
  header?: ResponseHeader;
  id: LeaseId;
  /** The new seconds; zero if there is no such lease. */
  ttl: number;
}

/** The schema of {@linkcode LeaseKeepAliveResponse}. */
export const LeaseKeepAliveResponse: MessageSchema<LeaseKeepAliveResponse> = new MessageSchema<
  LeaseKeepAliveResponse
>("etcdserverpb.LeaseKeepAliveResponse", {
  header: HEADER,
  id: int64Id(2, "ID"),
  ttl: int64(3, "TTL"),
});

/** Asks how long a lease still lives. */
export interface LeaseTimeToLiveRequest {
  id: LeaseId;
  /** Asks for the lease's keys too. */
  keys: boolean;
}

/** The schema of {@linkcode LeaseTimeToLiveRequest}. */
export const LeaseTimeToLiveRequest: MessageSchema<LeaseTimeToLiveRequest> = new MessageSchema<
  LeaseTimeToLiveRequest
>("etcdserverpb.LeaseTimeToLiveRequest", { id: int64Id(1, "ID"), keys: bool(2) });

/** The answer to {@linkcode LeaseTimeToLiveRequest}. */
export interface LeaseTimeToLiveResponse {
  header?: ResponseHeader;
  id: LeaseId;
  /** The seconds left; -1 if there is no such lease. */
  ttl: number;
  /** The seconds that were granted. */
  grantedTtl: number;
  keys: Uint8Array[];
}

/** The schema of {@linkcode LeaseTimeToLiveResponse}. */
export const LeaseTimeToLiveResponse: MessageSchema<LeaseTimeToLiveResponse> = new MessageSchema<
  LeaseTimeToLiveResponse
>("etcdserverpb.LeaseTimeToLiveResponse", {
  header: HEADER,
  id: int64Id(2, "ID"),
  ttl: int64(3, "TTL"),
  grantedTtl: int64(4, "grantedTTL"),
  keys: repeated(bytes(5)),
});

/** Asks for all leases. */
export type LeaseLeasesRequest = Record<never, never>;

/** The schema of {@linkcode LeaseLeasesRequest}. */
export const LeaseLeasesRequest: MessageSchema<LeaseLeasesRequest> = new MessageSchema<
  LeaseLeasesRequest
>("etcdserverpb.LeaseLeasesRequest", {});

/** One lease. */
export interface LeaseStatus {
  id: LeaseId;
}

/** The schema of {@linkcode LeaseStatus}. */
export const LeaseStatus: MessageSchema<LeaseStatus> = new MessageSchema<LeaseStatus>(
  "etcdserverpb.LeaseStatus",
  { id: int64Id(1, "ID") },
);

/** The answer to {@linkcode LeaseLeasesRequest}. */
export interface LeaseLeasesResponse {
  header?: ResponseHeader;
  leases: LeaseStatus[];
}

/** The schema of {@linkcode LeaseLeasesResponse}. */
export const LeaseLeasesResponse: MessageSchema<LeaseLeasesResponse> = new MessageSchema<
  LeaseLeasesResponse
>("etcdserverpb.LeaseLeasesResponse", {
  header: HEADER,
  leases: repeated(message(2, () => LeaseStatus)),
});
