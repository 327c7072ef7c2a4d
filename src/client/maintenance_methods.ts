/** The methods that look after replicas, apart from the others: few programs carry them. */
import {
  AlarmRequest,
  AlarmResponse,
  DefragmentRequest,
  DefragmentResponse,
  HashKVRequest,
  HashKVResponse,
  MoveLeaderRequest,
  MoveLeaderResponse,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  StatusResponse,
} from "../proto/maintenance.ts";
import type { MethodNumber } from "../proto/multiplex/method.ts";
import { type ClientMethod, method } from "./methods.ts";

export const STATUS: ClientMethod<StatusRequest, StatusResponse> = /* @__PURE__ */ method(
  "read",
  40 satisfies typeof MethodNumber.Status,
  "/v3/maintenance/status",
  StatusRequest,
  StatusResponse,
);

/** Why a "read": to end an alarm twice is to end it. */
export const ALARM: ClientMethod<AlarmRequest, AlarmResponse> = /* @__PURE__ */ method(
  "read",
  41 satisfies typeof MethodNumber.Alarm,
  "/v3/maintenance/alarm",
  AlarmRequest,
  AlarmResponse,
);

/** Why a "read": what is as small as it can be stays so. */
export const DEFRAGMENT: ClientMethod<DefragmentRequest, DefragmentResponse> =
  /* @__PURE__ */ method(
    "read",
    44 satisfies typeof MethodNumber.Defragment,
    "/v3/maintenance/defragment",
    DefragmentRequest,
    DefragmentResponse,
  );

export const HASH_KV: ClientMethod<HashKVRequest, HashKVResponse> = /* @__PURE__ */ method(
  "read",
  43 satisfies typeof MethodNumber.HashKV,
  "/v3/maintenance/hashkv",
  HashKVRequest,
  HashKVResponse,
);

export const MOVE_LEADER: ClientMethod<MoveLeaderRequest, MoveLeaderResponse> =
  /* @__PURE__ */ method(
    "once",
    45 satisfies typeof MethodNumber.MoveLeader,
    "/v3/maintenance/transfer-leadership",
    MoveLeaderRequest,
    MoveLeaderResponse,
  );

export const SNAPSHOT: ClientMethod<SnapshotRequest, SnapshotResponse> = /* @__PURE__ */ method(
  "read",
  47 satisfies typeof MethodNumber.Snapshot,
  "/v3/maintenance/snapshot",
  SnapshotRequest,
  SnapshotResponse,
);
