/** The methods for a cluster's members, apart from the others: few programs carry them. */
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
} from "../proto/cluster.ts";
import type { MethodNumber } from "../proto/multiplex/method.ts";
import { type ClientMethod, method } from "./methods.ts";

export const MEMBER_LIST: ClientMethod<MemberListRequest, MemberListResponse> =
  /* @__PURE__ */ method(
    "read",
    30 satisfies typeof MethodNumber.MemberList,
    "/v3/cluster/member/list",
    MemberListRequest,
    MemberListResponse,
  );

export const MEMBER_ADD: ClientMethod<MemberAddRequest, MemberAddResponse> = /* @__PURE__ */ method(
  "once",
  31 satisfies typeof MethodNumber.MemberAdd,
  "/v3/cluster/member/add",
  MemberAddRequest,
  MemberAddResponse,
);

export const MEMBER_REMOVE: ClientMethod<MemberRemoveRequest, MemberRemoveResponse> =
  /* @__PURE__ */ method(
    "once",
    32 satisfies typeof MethodNumber.MemberRemove,
    "/v3/cluster/member/remove",
    MemberRemoveRequest,
    MemberRemoveResponse,
  );

/** Why a "read": to set the same URLs twice is to set them. */
export const MEMBER_UPDATE: ClientMethod<MemberUpdateRequest, MemberUpdateResponse> =
  /* @__PURE__ */ method(
    "read",
    33 satisfies typeof MethodNumber.MemberUpdate,
    "/v3/cluster/member/update",
    MemberUpdateRequest,
    MemberUpdateResponse,
  );

export const MEMBER_PROMOTE: ClientMethod<MemberPromoteRequest, MemberPromoteResponse> =
  /* @__PURE__ */ method(
    "once",
    34 satisfies typeof MethodNumber.MemberPromote,
    "/v3/cluster/member/promote",
    MemberPromoteRequest,
    MemberPromoteResponse,
  );
