import { encodeUtf8 } from "../../base/utf8.ts";
import { ROOT } from "../../machine/auth_table.ts";
import type * as auth from "../../proto/auth.ts";
import { AuthCommand } from "../../proto/auth_command.ts";
import { encodeBase64 } from "../../proto/base64.ts";
import { encodeToBytes } from "../../proto/codec.ts";
import { CommandKind } from "../../proto/command.ts";
import type { ResponseHeader } from "../../proto/header.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";
import { hashPassword } from "./password_hash.ts";

/** A response that says no more than that something was done. */
interface Done {
  readonly header: ResponseHeader;
}

/**
 * etcd's Auth service, with authentication off: users and roles are kept for the day when it is on.
 *
 * Why it cannot be turned on: nothing would hold anybody to what roles permit.
 */
export class AuthService {
  readonly #replica: ReplicaPort;

  constructor(replica: ReplicaPort) {
    this.#replica = replica;
  }

  /** Says that authentication is off. */
  async status(
    _request: auth.AuthStatusRequest,
    context: CallContext,
  ): Promise<auth.AuthStatusResponse> {
    const header = await this.#read(context);
    return { header, enabled: false, authRevision: this.#table.revision };
  }

  /** Refuses: as etcd does until there is a user who may turn it off again, and then for good. */
  async enable(
    _request: auth.AuthEnableRequest,
    context: CallContext,
  ): Promise<auth.AuthEnableResponse> {
    await this.#read(context);
    const root = this.#table.user(ROOT);
    if (root === null) throw rpcError("no root user");
    throw rpcError(
      root.roles.includes(ROOT) ? "cannot enable authentication" : "root lacks role",
    );
  }

  /** Does nothing, as it is off. */
  async disable(_request: auth.AuthDisableRequest, context: CallContext): Promise<Done> {
    return { header: await this.#read(context) };
  }

  /**
   * Refuses to make a token. Clients with a user's name and password know this text, and go on
   * without a token.
   */
  async authenticate(
    _request: auth.AuthenticateRequest,
    context: CallContext,
  ): Promise<auth.AuthenticateResponse> {
    await this.#read(context);
    throw rpcError("authentication off");
  }

  /** Adds a user. Safety: the password becomes a hash here, so the log never holds it. */
  async userAdd(request: auth.AuthUserAddRequest, context: CallContext): Promise<Done> {
    const hasPassword = request.options?.noPassword !== true;
    const hashedPassword = hasPassword && request.name !== ""
      ? await hashText(request.password)
      : request.hashedPassword;
    return await this.#propose({ userAdd: { ...request, password: "", hashedPassword } }, context);
  }

  /** Tells a user's roles. */
  async userGet(
    { name }: auth.AuthUserGetRequest,
    context: CallContext,
  ): Promise<auth.AuthUserGetResponse> {
    const header = await this.#read(context);
    const user = this.#table.user(name);
    if (user === null) throw rpcError("user not found");
    return { header, roles: [...user.roles] };
  }

  /** Lists the users. */
  async userList(
    _request: auth.AuthUserListRequest,
    context: CallContext,
  ): Promise<auth.AuthUserListResponse> {
    return { header: await this.#read(context), users: this.#table.users() };
  }

  /** Removes a user. */
  userDelete(userDelete: auth.AuthUserDeleteRequest, context: CallContext): Promise<Done> {
    return this.#propose({ userDelete }, context);
  }

  /** Gives a user another password, or the hash of one. */
  async userChangePassword(
    request: auth.AuthUserChangePasswordRequest,
    context: CallContext,
  ): Promise<Done> {
    const { password } = request;
    const hashedPassword = password === "" ? request.hashedPassword : await hashText(password);
    const userChangePassword = { ...request, password: "", hashedPassword };
    return await this.#propose({ userChangePassword }, context);
  }

  /** Gives a role to a user. */
  userGrantRole(userGrantRole: auth.AuthUserGrantRoleRequest, context: CallContext): Promise<Done> {
    return this.#propose({ userGrantRole }, context);
  }

  /** Takes a role from a user. */
  userRevokeRole(
    userRevokeRole: auth.AuthUserRevokeRoleRequest,
    context: CallContext,
  ): Promise<Done> {
    return this.#propose({ userRevokeRole }, context);
  }

  /** Adds a role. */
  roleAdd(roleAdd: auth.AuthRoleAddRequest, context: CallContext): Promise<Done> {
    return this.#propose({ roleAdd }, context);
  }

  /** Tells what a role permits. */
  async roleGet(
    { role }: auth.AuthRoleGetRequest,
    context: CallContext,
  ): Promise<auth.AuthRoleGetResponse> {
    const header = await this.#read(context);
    const permissions = this.#table.permissions(role);
    if (permissions === null) throw rpcError("role not found");
    return { header, perm: [...permissions] };
  }

  /** Lists the roles. */
  async roleList(
    _request: auth.AuthRoleListRequest,
    context: CallContext,
  ): Promise<auth.AuthRoleListResponse> {
    return { header: await this.#read(context), roles: this.#table.roles() };
  }

  /** Removes a role. */
  roleDelete(roleDelete: auth.AuthRoleDeleteRequest, context: CallContext): Promise<Done> {
    return this.#propose({ roleDelete }, context);
  }

  /** Lets a role do something. */
  roleGrantPermission(
    roleGrantPermission: auth.AuthRoleGrantPermissionRequest,
    context: CallContext,
  ): Promise<Done> {
    return this.#propose({ roleGrantPermission }, context);
  }

  /** Takes a permission from a role. */
  roleRevokePermission(
    roleRevokePermission: auth.AuthRoleRevokePermissionRequest,
    context: CallContext,
  ): Promise<Done> {
    return this.#propose({ roleRevokePermission }, context);
  }

  get #table() {
    return this.#replica.machine.auth;
  }

  /** Like etcd, which sends even questions through its log, says nothing without a quorum. */
  async #read(context: CallContext): Promise<ResponseHeader> {
    mustServe(this.#replica, context, { learnerMay: false });
    await this.#replica.linearize(replicaOptions(context));
    return responseHeader(this.#replica, this.#replica.machine.store.revision);
  }

  async #propose(command: AuthCommand, context: CallContext): Promise<Done> {
    mustServe(this.#replica, context, { learnerMay: false });
    const body = encodeToBytes(AuthCommand, command);
    const result = await this.#replica.propose(CommandKind.Auth, body, replicaOptions(context));
    if (result.reason !== null) throw rpcError(result.reason);
    return { header: responseHeader(this.#replica, result.revision) };
  }
}

/** A password's hash as the requests carry hashes: its text in base64. */
async function hashText(password: string): Promise<string> {
  return encodeBase64(encodeUtf8(await hashPassword(password)));
}
