import { EMPTY_BYTES } from "../base/bytes.ts";
import type { AuthCommand } from "../proto/auth_command.ts";
import { decodeBase64Portably } from "../proto/base64.ts";
import type { AuthTable } from "./auth_table.ts";
import type { MachineState, Outcome } from "./outcome.ts";
import type { Reason } from "./result.ts";

/** Carries out a change of users or roles. */
export function applyAuth({ auth }: MachineState, command: AuthCommand): Outcome {
  const reason = command.roleAdd !== undefined || command.roleDelete !== undefined ||
      command.roleGrantPermission !== undefined || command.roleRevokePermission !== undefined
    ? applyToRole(auth, command)
    : applyToUser(auth, command);
  return reason ?? {};
}

function applyToUser(auth: AuthTable, command: AuthCommand): Reason | null {
  const { userAdd, userDelete, userChangePassword, userGrantRole, userRevokeRole } = command;
  if (userAdd !== undefined) {
    const { name, options, hashedPassword } = userAdd;
    return auth.addUser(name, bytesOf(hashedPassword), options?.noPassword === true);
  }
  if (userDelete !== undefined) return auth.deleteUser(userDelete.name);
  if (userChangePassword !== undefined) {
    const { name, hashedPassword } = userChangePassword;
    return auth.changePassword(name, bytesOf(hashedPassword));
  }
  if (userGrantRole !== undefined) return auth.grantRole(userGrantRole.user, userGrantRole.role);
  if (userRevokeRole !== undefined) {
    return auth.revokeRole(userRevokeRole.name, userRevokeRole.role);
  }
  return "malformed command";
}

function applyToRole(auth: AuthTable, command: AuthCommand): Reason | null {
  const { roleAdd, roleDelete, roleGrantPermission, roleRevokePermission } = command;
  if (roleAdd !== undefined) return auth.addRole(roleAdd.name);
  if (roleDelete !== undefined) return auth.deleteRole(roleDelete.role);
  if (roleGrantPermission !== undefined) {
    return auth.grantPermission(roleGrantPermission.name, roleGrantPermission.perm);
  }
  if (roleRevokePermission === undefined) return "malformed command";
  return auth.revokePermission(roleRevokePermission.role, roleRevokePermission);
}

/**
 * A hash from its text; what is no such text is a password that nobody has. Why portable: every replica
 * must get the same bytes, whatever its runtime.
 */
function bytesOf(hashedPassword: string): Uint8Array {
  return decodeBase64Portably(hashedPassword) ?? EMPTY_BYTES;
}
