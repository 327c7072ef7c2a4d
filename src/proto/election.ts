import type { LeaseId } from "../base/ids.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { KeyValue } from "./key_value.ts";
import { bytes, int64Clamped, int64Id, message, MessageSchema } from "./schema.ts";

/** Proof of a won election. */
export interface LeaderKey {
  /** The election. */
  name: Uint8Array;
  /** The key that exists as long as the leadership. */
  key: Uint8Array;
  /** The key's create revision. */
  rev: number;
  lease: LeaseId;
}

/** The schema of {@linkcode LeaderKey}. */
export const LeaderKey: MessageSchema<LeaderKey> = new MessageSchema<LeaderKey>(
  "v3electionpb.LeaderKey",
  { name: bytes(1), key: bytes(2), rev: int64Clamped(3), lease: int64Id(4) },
);

/** Waits to be elected. */
export interface CampaignRequest {
  name: Uint8Array;
  /** The lease that the leadership ends with; zero lets the server grant one. */
  lease: LeaseId;
  /** What the leader proclaims. */
  value: Uint8Array;
}

/** The schema of {@linkcode CampaignRequest}. */
export const CampaignRequest: MessageSchema<CampaignRequest> = new MessageSchema<CampaignRequest>(
  "v3electionpb.CampaignRequest",
  { name: bytes(1), lease: int64Id(2), value: bytes(3) },
);

/** The answer to {@linkcode CampaignRequest}. */
export interface CampaignResponse {
  header?: ResponseHeader;
  leader?: LeaderKey;
}

/** The schema of {@linkcode CampaignResponse}. */
export const CampaignResponse: MessageSchema<CampaignResponse> = new MessageSchema<
  CampaignResponse
>("v3electionpb.CampaignResponse", { header: HEADER, leader: message(2, () => LeaderKey) });

/** Asks for the leader, once or continually. */
export interface LeaderRequest {
  name: Uint8Array;
}

/** The schema of {@linkcode LeaderRequest}. */
export const LeaderRequest: MessageSchema<LeaderRequest> = new MessageSchema<LeaderRequest>(
  "v3electionpb.LeaderRequest",
  { name: bytes(1) },
);

/** The answer to {@linkcode LeaderRequest}. */
export interface LeaderResponse {
  header?: ResponseHeader;
  kv?: KeyValue;
}

/** The schema of {@linkcode LeaderResponse}. */
export const LeaderResponse: MessageSchema<LeaderResponse> = new MessageSchema<LeaderResponse>(
  "v3electionpb.LeaderResponse",
  { header: HEADER, kv: message(2, () => KeyValue) },
);

/** Gives a leadership up. */
export interface ResignRequest {
  leader?: LeaderKey;
}

/** The schema of {@linkcode ResignRequest}. */
export const ResignRequest: MessageSchema<ResignRequest> = new MessageSchema<ResignRequest>(
  "v3electionpb.ResignRequest",
  { leader: message(1, () => LeaderKey) },
);

/** The answer to {@linkcode ResignRequest}. */
export interface ResignResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode ResignResponse}. */
export const ResignResponse: MessageSchema<ResignResponse> = new MessageSchema<ResignResponse>(
  "v3electionpb.ResignResponse",
  { header: HEADER },
);

/** Changes what the leader proclaims. */
export interface ProclaimRequest {
  leader?: LeaderKey;
  value: Uint8Array;
}

/** The schema of {@linkcode ProclaimRequest}. */
export const ProclaimRequest: MessageSchema<ProclaimRequest> = new MessageSchema<ProclaimRequest>(
  "v3electionpb.ProclaimRequest",
  { leader: message(1, () => LeaderKey), value: bytes(2) },
);

/** The answer to {@linkcode ProclaimRequest}. */
export interface ProclaimResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode ProclaimResponse}. */
export const ProclaimResponse: MessageSchema<ProclaimResponse> = new MessageSchema<
  ProclaimResponse
>("v3electionpb.ProclaimResponse", { header: HEADER });
