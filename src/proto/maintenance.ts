import type { MemberId } from "../base/ids.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import {
  bool,
  bytes,
  enumeration,
  int64,
  int64Clamped,
  message,
  MessageSchema,
  repeated,
  string,
  uint32,
  uint64,
  uint64Id,
} from "./schema.ts";

/** What can be wrong with a replica. */
export const AlarmType = { NONE: 0, NOSPACE: 1, CORRUPT: 2 } as const;

/** What to do with alarms. */
export const AlarmAction = { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 } as const;

/** Asks for alarms, raises or ends one. */
export interface AlarmRequest {
  /** One of {@linkcode AlarmAction}. */
  action: number;
  memberId: MemberId;
  /** One of {@linkcode AlarmType}. */
  alarm: number;
}

/** The schema of {@linkcode AlarmRequest}. */
export const AlarmRequest: MessageSchema<AlarmRequest> = /* @__PURE__ */ new MessageSchema<
  AlarmRequest
>(
  "etcdserverpb.AlarmRequest",
  () => ({
    action: enumeration(1, AlarmAction),
    memberId: uint64Id(2, "memberID"),
    alarm: enumeration(3, AlarmType),
  }),
);

/** One alarm of one replica. */
export interface AlarmMember {
  memberId: MemberId;
  /** One of {@linkcode AlarmType}. */
  alarm: number;
}

/** The schema of {@linkcode AlarmMember}. */
export const AlarmMember: MessageSchema<AlarmMember> = /* @__PURE__ */ new MessageSchema<
  AlarmMember
>(
  "etcdserverpb.AlarmMember",
  () => ({ memberId: uint64Id(1, "memberID"), alarm: enumeration(2, AlarmType) }),
);

/** The answer to {@linkcode AlarmRequest}. */
export interface AlarmResponse {
  header?: ResponseHeader;
  alarms: AlarmMember[];
}

/** The schema of {@linkcode AlarmResponse}. */
export const AlarmResponse: MessageSchema<AlarmResponse> = /* @__PURE__ */ new MessageSchema<
  AlarmResponse
>(
  "etcdserverpb.AlarmResponse",
  () => ({ header: HEADER, alarms: repeated(message(2, () => AlarmMember)) }),
);

/** Asks how this replica is. */
export type StatusRequest = Record<never, never>;

/** The schema of {@linkcode StatusRequest}. */
export const StatusRequest: MessageSchema<StatusRequest> = /* @__PURE__ */ new MessageSchema<
  StatusRequest
>(
  "etcdserverpb.StatusRequest",
  () => ({}),
);

/** Whether the cluster is being downgraded. */
export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}

/** The schema of {@linkcode DowngradeInfo}. */
export const DowngradeInfo: MessageSchema<DowngradeInfo> = /* @__PURE__ */ new MessageSchema<
  DowngradeInfo
>(
  "etcdserverpb.DowngradeInfo",
  () => ({ enabled: bool(1), targetVersion: string(2, "targetVersion") }),
);

/** The answer to {@linkcode StatusRequest}. */
export interface StatusResponse {
  header?: ResponseHeader;
  version: string;
  /** Bytes. */
  dbSize: number;
  /** Zero if no leader is known. */
  leader: MemberId;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  /** Bytes. */
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  /** Bytes. */
  dbSizeQuota: number;
  downgradeInfo?: DowngradeInfo;
}

/** The schema of {@linkcode StatusResponse}. */
export const StatusResponse: MessageSchema<StatusResponse> = /* @__PURE__ */ new MessageSchema<
  StatusResponse
>(
  "etcdserverpb.StatusResponse",
  () => ({
    header: HEADER,
    version: string(2),
    dbSize: int64(3, "dbSize"),
    leader: uint64Id(4),
    raftIndex: uint64(5, "raftIndex"),
    raftTerm: uint64(6, "raftTerm"),
    raftAppliedIndex: uint64(7, "raftAppliedIndex"),
    errors: repeated(string(8)),
    dbSizeInUse: int64(9, "dbSizeInUse"),
    isLearner: bool(10, "isLearner"),
    storageVersion: string(11, "storageVersion"),
    dbSizeQuota: int64(12, "dbSizeQuota"),
    downgradeInfo: message(13, () => DowngradeInfo, "downgradeInfo"),
  }),
);

/** Gives freed space back to the system. */
export type DefragmentRequest = Record<never, never>;

/** The schema of {@linkcode DefragmentRequest}. */
export const DefragmentRequest: MessageSchema<DefragmentRequest> =
  /* @__PURE__ */ new MessageSchema<
    DefragmentRequest
  >("etcdserverpb.DefragmentRequest", () => ({}));

/** The answer to {@linkcode DefragmentRequest}; etcd leaves the header out. */
export interface DefragmentResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode DefragmentResponse}. */
export const DefragmentResponse: MessageSchema<DefragmentResponse> =
  /* @__PURE__ */ new MessageSchema<
    DefragmentResponse
  >("etcdserverpb.DefragmentResponse", () => ({ header: HEADER }));

/** Asks for a checksum of all that is stored. */
export type HashRequest = Record<never, never>;

/** The schema of {@linkcode HashRequest}. */
export const HashRequest: MessageSchema<HashRequest> = /* @__PURE__ */ new MessageSchema<
  HashRequest
>(
  "etcdserverpb.HashRequest",
  () => ({}),
);

/** The answer to {@linkcode HashRequest}. */
export interface HashResponse {
  header?: ResponseHeader;
  hash: number;
}

/** The schema of {@linkcode HashResponse}. */
export const HashResponse: MessageSchema<HashResponse> = /* @__PURE__ */ new MessageSchema<
  HashResponse
>(
  "etcdserverpb.HashResponse",
  () => ({ header: HEADER, hash: uint32(2) }),
);

/** Asks for a checksum of the keys at a revision. */
export interface HashKVRequest {
  /** Zero means the present. */
  revision: number;
}

/** The schema of {@linkcode HashKVRequest}. */
export const HashKVRequest: MessageSchema<HashKVRequest> = /* @__PURE__ */ new MessageSchema<
  HashKVRequest
>(
  "etcdserverpb.HashKVRequest",
  () => ({ revision: int64Clamped(1) }),
);

/** The answer to {@linkcode HashKVRequest}. */
export interface HashKVResponse {
  header?: ResponseHeader;
  hash: number;
  /** -1 if nothing was compacted yet. */
  compactRevision: number;
  /** The revision that the checksum stands for. */
  hashRevision: number;
}

/** The schema of {@linkcode HashKVResponse}. */
export const HashKVResponse: MessageSchema<HashKVResponse> = /* @__PURE__ */ new MessageSchema<
  HashKVResponse
>(
  "etcdserverpb.HashKVResponse",
  () => ({ header: HEADER, hash: uint32(2), compactRevision: int64(3), hashRevision: int64(4) }),
);

/** Asks for a copy of all that is stored. */
export type SnapshotRequest = Record<never, never>;

/** The schema of {@linkcode SnapshotRequest}. */
export const SnapshotRequest: MessageSchema<SnapshotRequest> = /* @__PURE__ */ new MessageSchema<
  SnapshotRequest
>(
  "etcdserverpb.SnapshotRequest",
  () => ({}),
);

/** One piece of the copy. */
export interface SnapshotResponse {
  header?: ResponseHeader;
  /** How many bytes follow this piece. */
  remainingBytes: number;
  blob: Uint8Array;
  version: string;
}

/** The schema of {@linkcode SnapshotResponse}. */
export const SnapshotResponse: MessageSchema<SnapshotResponse> = /* @__PURE__ */ new MessageSchema<
  SnapshotResponse
>("etcdserverpb.SnapshotResponse", () => ({
  header: HEADER,
  remainingBytes: uint64(2),
  blob: bytes(3),
  version: string(4),
}));

/** Hands the leadership over. */
export interface MoveLeaderRequest {
  targetId: MemberId;
}

/** The schema of {@linkcode MoveLeaderRequest}. */
export const MoveLeaderRequest: MessageSchema<MoveLeaderRequest> =
  /* @__PURE__ */ new MessageSchema<
    MoveLeaderRequest
  >("etcdserverpb.MoveLeaderRequest", () => ({ targetId: uint64Id(1, "targetID") }));

/** The answer to {@linkcode MoveLeaderRequest}; etcd leaves the header out. */
export interface MoveLeaderResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode MoveLeaderResponse}. */
export const MoveLeaderResponse: MessageSchema<MoveLeaderResponse> =
  /* @__PURE__ */ new MessageSchema<
    MoveLeaderResponse
  >("etcdserverpb.MoveLeaderResponse", () => ({ header: HEADER }));

/** What to do with a downgrade. */
export const DowngradeAction = { VALIDATE: 0, ENABLE: 1, CANCEL: 2 } as const;

/** Prepares the cluster for an older version. */
export interface DowngradeRequest {
  /** One of {@linkcode DowngradeAction}. */
  action: number;
  version: string;
}

/** The schema of {@linkcode DowngradeRequest}. */
export const DowngradeRequest: MessageSchema<DowngradeRequest> = /* @__PURE__ */ new MessageSchema<
  DowngradeRequest
>(
  "etcdserverpb.DowngradeRequest",
  () => ({ action: enumeration(1, DowngradeAction), version: string(2) }),
);

/** The answer to {@linkcode DowngradeRequest}. */
export interface DowngradeResponse {
  header?: ResponseHeader;
  version: string;
}

/** The schema of {@linkcode DowngradeResponse}. */
export const DowngradeResponse: MessageSchema<DowngradeResponse> =
  /* @__PURE__ */ new MessageSchema<
    DowngradeResponse
  >("etcdserverpb.DowngradeResponse", () => ({ header: HEADER, version: string(2) }));
