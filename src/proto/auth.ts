import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { bool, MessageSchema, string, uint64 } from "./schema.ts";

export * from "./auth_role.ts";
export * from "./auth_store.ts";
export * from "./auth_user.ts";

/** Turns authentication on. */
export type AuthEnableRequest = Record<never, never>;

/** The schema of {@linkcode AuthEnableRequest}. */
export const AuthEnableRequest: MessageSchema<AuthEnableRequest> = new MessageSchema<
  AuthEnableRequest
>("etcdserverpb.AuthEnableRequest", {});

/** The answer to {@linkcode AuthEnableRequest}. */
export interface AuthEnableResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthEnableResponse}. */
export const AuthEnableResponse: MessageSchema<AuthEnableResponse> = new MessageSchema<
  AuthEnableResponse
>("etcdserverpb.AuthEnableResponse", { header: HEADER });

/** Turns authentication off. */
export type AuthDisableRequest = Record<never, never>;

/** The schema of {@linkcode AuthDisableRequest}. */
export const AuthDisableRequest: MessageSchema<AuthDisableRequest> = new MessageSchema<
  AuthDisableRequest
>("etcdserverpb.AuthDisableRequest", {});

/** The answer to {@linkcode AuthDisableRequest}. */
export interface AuthDisableResponse {
  header?: ResponseHeader;
}

/** The schema of {@linkcode AuthDisableResponse}. */
export const AuthDisableResponse: MessageSchema<AuthDisableResponse> = new MessageSchema<
  AuthDisableResponse
>("etcdserverpb.AuthDisableResponse", { header: HEADER });

/** Asks whether authentication is on. */
export type AuthStatusRequest = Record<never, never>;

/** The schema of {@linkcode AuthStatusRequest}. */
export const AuthStatusRequest: MessageSchema<AuthStatusRequest> = new MessageSchema<
  AuthStatusRequest
>("etcdserverpb.AuthStatusRequest", {});

/** The answer to {@linkcode AuthStatusRequest}. */
export interface AuthStatusResponse {
  header?: ResponseHeader;
  enabled: boolean;
  /** Counts the changes of users and roles. */
  authRevision: number;
}

/** The schema of {@linkcode AuthStatusResponse}. */
export const AuthStatusResponse: MessageSchema<AuthStatusResponse> = new MessageSchema<
  AuthStatusResponse
>("etcdserverpb.AuthStatusResponse", {
  header: HEADER,
  enabled: bool(2),
  authRevision: uint64(3, "authRevision"),
});

/** Asks for a token. */
export interface AuthenticateRequest {
  name: string;
  password: string;
}

/** The schema of {@linkcode AuthenticateRequest}. */
export const AuthenticateRequest: MessageSchema<AuthenticateRequest> = new MessageSchema<
  AuthenticateRequest
>("etcdserverpb.AuthenticateRequest", { name: string(1), password: string(2) });

/** The answer to {@linkcode AuthenticateRequest}. */
export interface AuthenticateResponse {
  header?: ResponseHeader;
  token: string;
}

/** The schema of {@linkcode AuthenticateResponse}. */
export const AuthenticateResponse: MessageSchema<AuthenticateResponse> = new MessageSchema<
  AuthenticateResponse
>("etcdserverpb.AuthenticateResponse", { header: HEADER, token: string(2) });
