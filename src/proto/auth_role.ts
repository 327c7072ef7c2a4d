import { Permission } from "./auth_store.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { bytes, message, MessageSchema, repeated, string } from "./schema.ts";

/** Adds a role. */
export interface AuthRoleAddRequest {
  name: string;
}

/** The schema of {@linkcode AuthRoleAddRequest}. */
export const AuthRoleAddRequest: MessageSchema<AuthRoleAddRequest> = new MessageSchema<
  AuthRoleAddRequest
>("etcdserverpb.AuthRoleAddRequest", { name: string(1) });

/** The answer to {@linkcode AuthRoleAddRequest}. */
export interface AuthRoleAddResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthRoleAddResponse}. */
export const AuthRoleAddResponse: MessageSchema<AuthRoleAddResponse> = new MessageSchema<
  AuthRoleAddResponse
>("etcdserverpb.AuthRoleAddResponse", { header: HEADER });

/** Asks for a role's permissions. */
export interface AuthRoleGetRequest {
  role: string;
}

/** The schema of {@linkcode AuthRoleGetRequest}. */
export const AuthRoleGetRequest: MessageSchema<AuthRoleGetRequest> = new MessageSchema<
  AuthRoleGetRequest
>("etcdserverpb.AuthRoleGetRequest", { role: string(1) });

/** The answer to {@linkcode AuthRoleGetRequest}. */
export interface AuthRoleGetResponse {
  header?: ResponseHeader;
  perm: Permission[];
}

/** The schema of {@linkcode AuthRoleGetResponse}. */
export const AuthRoleGetResponse: MessageSchema<AuthRoleGetResponse> = new MessageSchema<
  AuthRoleGetResponse
>("etcdserverpb.AuthRoleGetResponse", {
  header: HEADER,
  perm: repeated(message(2, () => Permission)),
});

/** Asks for all roles. */
export type AuthRoleListRequest = Record<never, never>;

/** The schema of {@linkcode AuthRoleListRequest}. */
export const AuthRoleListRequest: MessageSchema<AuthRoleListRequest> = new MessageSchema<
  AuthRoleListRequest
>("etcdserverpb.AuthRoleListRequest", {});

/** The answer to {@linkcode AuthRoleListRequest}. */
export interface AuthRoleListResponse {
  header?: ResponseHeader;
  roles: string[];
}

/** The schema of {@linkcode AuthRoleListResponse}. */
export const AuthRoleListResponse: MessageSchema<AuthRoleListResponse> = new MessageSchema<
  AuthRoleListResponse
>("etcdserverpb.AuthRoleListResponse", { header: HEADER, roles: repeated(string(2)) });

/** Deletes a role. */
export interface AuthRoleDeleteRequest {
  role: string;
}

/** The schema of {@linkcode AuthRoleDeleteRequest}. */
export const AuthRoleDeleteRequest: MessageSchema<AuthRoleDeleteRequest> = new MessageSchema<
  AuthRoleDeleteRequest
>("etcdserverpb.AuthRoleDeleteRequest", { role: string(1) });

/** The answer to {@linkcode AuthRoleDeleteRequest}. */
export interface AuthRoleDeleteResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthRoleDeleteResponse}. */
export const AuthRoleDeleteResponse: MessageSchema<AuthRoleDeleteResponse> = new MessageSchema<
  AuthRoleDeleteResponse
>("etcdserverpb.AuthRoleDeleteResponse", { header: HEADER });

/** Gives a permission to a role. */
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm?: Permission;
}

/** The schema of {@linkcode AuthRoleGrantPermissionRequest}. */
export const AuthRoleGrantPermissionRequest: MessageSchema<AuthRoleGrantPermissionRequest> =
  new MessageSchema<AuthRoleGrantPermissionRequest>("etcdserverpb.AuthRoleGrantPermissionRequest", {
    name: string(1),
    perm: message(2, () => Permission),
  });

/** The answer to {@linkcode AuthRoleGrantPermissionRequest}. */
export interface AuthRoleGrantPermissionResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthRoleGrantPermissionResponse}. */
export const AuthRoleGrantPermissionResponse: MessageSchema<AuthRoleGrantPermissionResponse> =
  new MessageSchema<AuthRoleGrantPermissionResponse>(
    "etcdserverpb.AuthRoleGrantPermissionResponse",
    { header: HEADER },
  );

/** Takes a permission from a role. */
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** The schema of {@linkcode AuthRoleRevokePermissionRequest}. */
export const AuthRoleRevokePermissionRequest: MessageSchema<AuthRoleRevokePermissionRequest> =
  new MessageSchema<AuthRoleRevokePermissionRequest>(
    "etcdserverpb.AuthRoleRevokePermissionRequest",
    { role: string(1), key: bytes(2), rangeEnd: bytes(3) },
  );

/** The answer to {@linkcode AuthRoleRevokePermissionRequest}. */
export interface AuthRoleRevokePermissionResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthRoleRevokePermissionResponse}. */
export const AuthRoleRevokePermissionResponse: MessageSchema<AuthRoleRevokePermissionResponse> =
  new MessageSchema<AuthRoleRevokePermissionResponse>(
    "etcdserverpb.AuthRoleRevokePermissionResponse",
    { header: HEADER },
  );
