import {
  AuthDisableRequest,
  AuthDisableResponse,
  AuthEnableRequest,
  AuthEnableResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  AuthRoleAddRequest,
  AuthRoleAddResponse,
  AuthRoleDeleteRequest,
  AuthRoleDeleteResponse,
  AuthRoleGetRequest,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionRequest,
  AuthRoleGrantPermissionResponse,
  AuthRoleListRequest,
  AuthRoleListResponse,
  AuthRoleRevokePermissionRequest,
  AuthRoleRevokePermissionResponse,
  AuthStatusRequest,
  AuthStatusResponse,
  AuthUserAddRequest,
  AuthUserAddResponse,
  AuthUserChangePasswordRequest,
  AuthUserChangePasswordResponse,
  AuthUserDeleteRequest,
  AuthUserDeleteResponse,
  AuthUserGetRequest,
  AuthUserGetResponse,
  AuthUserGrantRoleRequest,
  AuthUserGrantRoleResponse,
  AuthUserListRequest,
  AuthUserListResponse,
  AuthUserRevokeRoleRequest,
  AuthUserRevokeRoleResponse,
} from "../../proto/auth.ts";
import type { AuthService } from "./auth_service.ts";
import { unary, type UnaryMethod } from "./method.ts";

/** The unary methods about users, roles and whether they matter. */
export function authMethods(auth: AuthService): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.Auth/AuthEnable",
      "/v3/auth/enable",
      AuthEnableRequest,
      AuthEnableResponse,
      (request, context) => auth.enable(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/AuthDisable",
      "/v3/auth/disable",
      AuthDisableRequest,
      AuthDisableResponse,
      (request, context) => auth.disable(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/AuthStatus",
      "/v3/auth/status",
      AuthStatusRequest,
      AuthStatusResponse,
      (request, context) => auth.status(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/Authenticate",
      "/v3/auth/authenticate",
      AuthenticateRequest,
      AuthenticateResponse,
      (request, context) => auth.authenticate(request, context),
    ),
    ...userMethods(auth),
    ...roleMethods(auth),
  ];
}

function userMethods(auth: AuthService): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.Auth/UserAdd",
      "/v3/auth/user/add",
      AuthUserAddRequest,
      AuthUserAddResponse,
      (request, context) => auth.userAdd(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/UserGet",
      "/v3/auth/user/get",
      AuthUserGetRequest,
      AuthUserGetResponse,
      (request, context) => auth.userGet(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/UserList",
      "/v3/auth/user/list",
      AuthUserListRequest,
      AuthUserListResponse,
      (request, context) => auth.userList(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/UserDelete",
      "/v3/auth/user/delete",
      AuthUserDeleteRequest,
      AuthUserDeleteResponse,
      (request, context) => auth.userDelete(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/UserChangePassword",
      "/v3/auth/user/changepw",
      AuthUserChangePasswordRequest,
      AuthUserChangePasswordResponse,
      (request, context) => auth.userChangePassword(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/UserGrantRole",
      "/v3/auth/user/grant",
      AuthUserGrantRoleRequest,
      AuthUserGrantRoleResponse,
      (request, context) => auth.userGrantRole(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/UserRevokeRole",
      "/v3/auth/user/revoke",
      AuthUserRevokeRoleRequest,
      AuthUserRevokeRoleResponse,
      (request, context) => auth.userRevokeRole(request, context),
    ),
  ];
}

function roleMethods(auth: AuthService): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.Auth/RoleAdd",
      "/v3/auth/role/add",
      AuthRoleAddRequest,
      AuthRoleAddResponse,
      (request, context) => auth.roleAdd(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/RoleGet",
      "/v3/auth/role/get",
      AuthRoleGetRequest,
      AuthRoleGetResponse,
      (request, context) => auth.roleGet(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/RoleList",
      "/v3/auth/role/list",
      AuthRoleListRequest,
      AuthRoleListResponse,
      (request, context) => auth.roleList(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/RoleDelete",
      "/v3/auth/role/delete",
      AuthRoleDeleteRequest,
      AuthRoleDeleteResponse,
      (request, context) => auth.roleDelete(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/RoleGrantPermission",
      "/v3/auth/role/grant",
      AuthRoleGrantPermissionRequest,
      AuthRoleGrantPermissionResponse,
      (request, context) => auth.roleGrantPermission(request, context),
    ),
    unary(
      "/etcdserverpb.Auth/RoleRevokePermission",
      "/v3/auth/role/revoke",
      AuthRoleRevokePermissionRequest,
      AuthRoleRevokePermissionResponse,
      (request, context) => auth.roleRevokePermission(request, context),
    ),
  ];
}
