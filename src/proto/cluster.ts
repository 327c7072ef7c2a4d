import type { MemberId } from "../base/ids.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { bool, message, MessageSchema, repeated, string, uint64Id } from "./schema.ts";

/** One replica of the cluster. */
export interface Member {
  id: MemberId;
  /** Empty until the replica has started. */
  name: string;
  peerUrls: string[];
  clientUrls: string[];
  isLearner: boolean;
}

/** The schema of {@linkcode Member}. */
export const Member: MessageSchema<Member> = /* @__PURE__ */ new MessageSchema<Member>(
  "etcdserverpb.Member",
  () => ({
    id: uint64Id(1, "ID"),
    name: string(2),
    peerUrls: repeated(string(3, "peerURLs")),
    clientUrls: repeated(string(4, "clientURLs")),
    isLearner: bool(5, "isLearner"),
  }),
);

/** Adds a replica. */
export interface MemberAddRequest {
  peerUrls: string[];
  isLearner: boolean;
}

/** The schema of {@linkcode MemberAddRequest}. */
export const MemberAddRequest: MessageSchema<MemberAddRequest> = /* @__PURE__ */ new MessageSchema<
  MemberAddRequest
>("etcdserverpb.MemberAddRequest", () => ({
  peerUrls: repeated(string(1, "peerURLs")),
  isLearner: bool(2, "isLearner"),
}));

/** The answer to {@linkcode MemberAddRequest}. */
export interface MemberAddResponse {
  header?: ResponseHeader;
  member?: Member;
  members: Member[];
}

/** The schema of {@linkcode MemberAddResponse}. */
export const MemberAddResponse: MessageSchema<MemberAddResponse> =
  /* @__PURE__ */ new MessageSchema<
    MemberAddResponse
  >("etcdserverpb.MemberAddResponse", () => ({
    header: HEADER,
    member: message(2, () => Member),
    members: repeated(message(3, () => Member)),
  }));

/** Removes a replica. */
export interface MemberRemoveRequest {
  id: MemberId;
}

/** The schema of {@linkcode MemberRemoveRequest}. */
export const MemberRemoveRequest: MessageSchema<MemberRemoveRequest> =
  /* @__PURE__ */ new MessageSchema<
    MemberRemoveRequest
  >("etcdserverpb.MemberRemoveRequest", () => ({ id: uint64Id(1, "ID") }));

/** The answer to {@linkcode MemberRemoveRequest}. */
export interface MemberRemoveResponse {
  header?: ResponseHeader;
  members: Member[];
}

/** The schema of {@linkcode MemberRemoveResponse}. */
export const MemberRemoveResponse: MessageSchema<MemberRemoveResponse> =
  /* @__PURE__ */ new MessageSchema<
    MemberRemoveResponse
  >("etcdserverpb.MemberRemoveResponse", () => ({
    header: HEADER,
    members: repeated(message(2, () => Member)),
  }));

/** Changes where a replica's peers reach it. */
export interface MemberUpdateRequest {
  id: MemberId;
  peerUrls: string[];
}

/** The schema of {@linkcode MemberUpdateRequest}. */
export const MemberUpdateRequest: MessageSchema<MemberUpdateRequest> =
  /* @__PURE__ */ new MessageSchema<
    MemberUpdateRequest
  >("etcdserverpb.MemberUpdateRequest", () => ({
    id: uint64Id(1, "ID"),
    peerUrls: repeated(string(2, "peerURLs")),
  }));

/** The answer to {@linkcode MemberUpdateRequest}. */
export interface MemberUpdateResponse {
  header?: ResponseHeader;
  members: Member[];
}

/** The schema of {@linkcode MemberUpdateResponse}. */
export const MemberUpdateResponse: MessageSchema<MemberUpdateResponse> =
  /* @__PURE__ */ new MessageSchema<
    MemberUpdateResponse
  >("etcdserverpb.MemberUpdateResponse", () => ({
    header: HEADER,
    members: repeated(message(2, () => Member)),
  }));

/** Asks for all replicas. */
export interface MemberListRequest {
  /** Whether this replica shall ask the others first. */
  linearizable: boolean;
}

/** The schema of {@linkcode MemberListRequest}. */
export const MemberListRequest: MessageSchema<MemberListRequest> =
  /* @__PURE__ */ new MessageSchema<
    MemberListRequest
  >("etcdserverpb.MemberListRequest", () => ({ linearizable: bool(1) }));

/** The answer to {@linkcode MemberListRequest}. */
export interface MemberListResponse {
  header?: ResponseHeader;
  members: Member[];
}

/** The schema of {@linkcode MemberListResponse}. */
export const MemberListResponse: MessageSchema<MemberListResponse> =
  /* @__PURE__ */ new MessageSchema<
    MemberListResponse
  >("etcdserverpb.MemberListResponse", () => ({
    header: HEADER,
    members: repeated(message(2, () => Member)),
  }));

/** Makes a learner a voter. */
export interface MemberPromoteRequest {
  id: MemberId;
}

/** The schema of {@linkcode MemberPromoteRequest}. */
export const MemberPromoteRequest: MessageSchema<MemberPromoteRequest> =
  /* @__PURE__ */ new MessageSchema<
    MemberPromoteRequest
  >("etcdserverpb.MemberPromoteRequest", () => ({ id: uint64Id(1, "ID") }));

/** The answer to {@linkcode MemberPromoteRequest}. */
export interface MemberPromoteResponse {
  header?: ResponseHeader;
  members: Member[];
}

/** The schema of {@linkcode MemberPromoteResponse}. */
export const MemberPromoteResponse: MessageSchema<MemberPromoteResponse> =
  /* @__PURE__ */ new MessageSchema<
    MemberPromoteResponse
  >("etcdserverpb.MemberPromoteResponse", () => ({
    header: HEADER,
    members: repeated(message(2, () => Member)),
  }));
