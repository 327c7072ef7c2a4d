import { UserAddOptions } from "./auth_store.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { message, MessageSchema, repeated, string } from "./schema.ts";

/** Adds a user. */
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options?: UserAddOptions;
  hashedPassword: string;
}

/** The schema of {@linkcode AuthUserAddRequest}. */
export const AuthUserAddRequest: MessageSchema<AuthUserAddRequest> = new MessageSchema<
  AuthUserAddRequest
>("etcdserverpb.AuthUserAddRequest", {
  name: string(1),
  password: string(2),
  options: message(3, () => UserAddOptions),
  hashedPassword: string(4, "hashedPassword"),
});

/** The answer to {@linkcode AuthUserAddRequest}. */
export interface AuthUserAddResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthUserAddResponse}. */
export const AuthUserAddResponse: MessageSchema<AuthUserAddResponse> = new MessageSchema<
  AuthUserAddResponse
>("etcdserverpb.AuthUserAddResponse", { header: HEADER });

/** Asks for a user's roles. */
export interface AuthUserGetRequest {
  name: string;
}

/** The schema of {@linkcode AuthUserGetRequest}. */
export const AuthUserGetRequest: MessageSchema<AuthUserGetRequest> = new MessageSchema<
  AuthUserGetRequest
>("etcdserverpb.AuthUserGetRequest", { name: string(1) });

/** The answer to {@linkcode AuthUserGetRequest}. */
export interface AuthUserGetResponse {
  header?: ResponseHeader;
  roles: string[];
}

/** The schema of {@linkcode AuthUserGetResponse}. */
export const AuthUserGetResponse: MessageSchema<AuthUserGetResponse> = new MessageSchema<
  AuthUserGetResponse
>("etcdserverpb.AuthUserGetResponse", { header: HEADER, roles: repeated(string(2)) });

/** Asks for all users. */
export type AuthUserListRequest = Record<never, never>;

/** The schema of {@linkcode AuthUserListRequest}. */
export const AuthUserListRequest: MessageSchema<AuthUserListRequest> = new MessageSchema<
  AuthUserListRequest
>("etcdserverpb.AuthUserListRequest", {});

/** The answer to {@linkcode AuthUserListRequest}. */
export interface AuthUserListResponse {
  header?: ResponseHeader;
  users: string[];
}

/** The schema of {@linkcode AuthUserListResponse}. */
export const AuthUserListResponse: MessageSchema<AuthUserListResponse> = new MessageSchema<
  AuthUserListResponse
>("etcdserverpb.AuthUserListResponse", { header: HEADER, users: repeated(string(2)) });

/** Deletes a user. */
export interface AuthUserDeleteRequest {
  name: string;
}

/** The schema of {@linkcode AuthUserDeleteRequest}. */
export const AuthUserDeleteRequest: MessageSchema<AuthUserDeleteRequest> = new MessageSchema<
  AuthUserDeleteRequest
>("etcdserverpb.AuthUserDeleteRequest", { name: string(1) });

/** The answer to {@linkcode AuthUserDeleteRequest}. */
export interface AuthUserDeleteResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthUserDeleteResponse}. */
export const AuthUserDeleteResponse: MessageSchema<AuthUserDeleteResponse> = new MessageSchema<
  AuthUserDeleteResponse
>("etcdserverpb.AuthUserDeleteResponse", { header: HEADER });

/** Changes a user's password. */
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

/** The schema of {@linkcode AuthUserChangePasswordRequest}. */
export const AuthUserChangePasswordRequest: MessageSchema<AuthUserChangePasswordRequest> =
  new MessageSchema<AuthUserChangePasswordRequest>("etcdserverpb.AuthUserChangePasswordRequest", {
    name: string(1),
    password: string(2),
    hashedPassword: string(3, "hashedPassword"),
  });

/** The answer to {@linkcode AuthUserChangePasswordRequest}. */
export interface AuthUserChangePasswordResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthUserChangePasswordResponse}. */
export const AuthUserChangePasswordResponse: MessageSchema<AuthUserChangePasswordResponse> =
  new MessageSchema<AuthUserChangePasswordResponse>("etcdserverpb.AuthUserChangePasswordResponse", {
    header: HEADER,
  });

/** Gives a role to a user. */
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

/** The schema of {@linkcode AuthUserGrantRoleRequest}. */
export const AuthUserGrantRoleRequest: MessageSchema<AuthUserGrantRoleRequest> = new MessageSchema<
  AuthUserGrantRoleRequest
>("etcdserverpb.AuthUserGrantRoleRequest", { user: string(1), role: string(2) });

/** The answer to {@linkcode AuthUserGrantRoleRequest}. */
export interface AuthUserGrantRoleResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthUserGrantRoleResponse}. */
export const AuthUserGrantRoleResponse: MessageSchema<AuthUserGrantRoleResponse> =
  new MessageSchema<AuthUserGrantRoleResponse>("etcdserverpb.AuthUserGrantRoleResponse", {
    header: HEADER,
  });

/** Takes a role from a user. */
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

/** The schema of {@linkcode AuthUserRevokeRoleRequest}. */
export const AuthUserRevokeRoleRequest: MessageSchema<AuthUserRevokeRoleRequest> =
  new MessageSchema<AuthUserRevokeRoleRequest>("etcdserverpb.AuthUserRevokeRoleRequest", {
    name: string(1),
    role: string(2),
  });

/** The answer to {@linkcode AuthUserRevokeRoleRequest}. */
export interface AuthUserRevokeRoleResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthUserRevokeRoleResponse}. */
export const AuthUserRevokeRoleResponse: MessageSchema<AuthUserRevokeRoleResponse> =
  new MessageSchema<AuthUserRevokeRoleResponse>("etcdserverpb.AuthUserRevokeRoleResponse", {
    header: HEADER,
  });
