import {
  AuthRoleAddRequest,
  AuthRoleDeleteRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
} from "./auth_role.ts";
import {
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserDeleteRequest,
  AuthUserGrantRoleRequest,
  AuthUserRevokeRoleRequest,
} from "./auth_user.ts";
import { message, MessageSchema } from "./schema.ts";

/** A change of users or roles on its way through the log: exactly one of these. */
export interface AuthCommand {
  userAdd?: AuthUserAddRequest;
  userDelete?: AuthUserDeleteRequest;
  userChangePassword?: AuthUserChangePasswordRequest;
  userGrantRole?: AuthUserGrantRoleRequest;
  userRevokeRole?: AuthUserRevokeRoleRequest;
  roleAdd?: AuthRoleAddRequest;
  roleDelete?: AuthRoleDeleteRequest;
  roleGrantPermission?: AuthRoleGrantPermissionRequest;
  roleRevokePermission?: AuthRoleRevokePermissionRequest;
}

/** The schema of {@linkcode AuthCommand}. The numbers are part of the log's format. */
export const AuthCommand: MessageSchema<AuthCommand> = new MessageSchema<AuthCommand>(
  "kvorum.AuthCommand",
  {
    userAdd: message(1, () => AuthUserAddRequest),
    userDelete: message(2, () => AuthUserDeleteRequest),
    userChangePassword: message(3, () => AuthUserChangePasswordRequest),
    userGrantRole: message(4, () => AuthUserGrantRoleRequest),
    userRevokeRole: message(5, () => AuthUserRevokeRoleRequest),
    roleAdd: message(6, () => AuthRoleAddRequest),
    roleDelete: message(7, () => AuthRoleDeleteRequest),
    roleGrantPermission: message(8, () => AuthRoleGrantPermissionRequest),
    roleRevokePermission: message(9, () => AuthRoleRevokePermissionRequest),
  },
);
