import type {
  AuthDisableRequest,
  AuthDisableResponse,
  AuthEnableRequest,
  AuthEnableResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  AuthRoleAddRequest,
  AuthRoleAddResponse,
  AuthRoleListRequest,
  AuthRoleListResponse,
  AuthStatusRequest,
  AuthStatusResponse,
  AuthUserAddRequest,
  AuthUserAddResponse,
  AuthUserListRequest,
  AuthUserListResponse,
} from "../../proto/auth.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";

/** What etcd's counter of changes begins with. Ref: etcd server/auth/store.go, NewAuthStore. */
const FIRST_AUTH_REVISION = 1;

/**
 * etcd's Auth service of a cluster without users: authentication is off and cannot be turned on.
 *
 * Why it refuses to add users instead of forgetting them: whoever adds a user relies on it.
 */
export class AuthService {
  readonly #replica: ReplicaPort;

  constructor(replica: ReplicaPort) {
    this.#replica = replica;
  }

  /** Says that authentication is off. */
  async status(_request: AuthStatusRequest, context: CallContext): Promise<AuthStatusResponse> {
    const header = await this.#header(context);
    return { header, enabled: false, authRevision: FIRST_AUTH_REVISION };
  }

  /** Refuses, as etcd does until there is a user who may turn it off again. */
  async enable(_request: AuthEnableRequest, context: CallContext): Promise<AuthEnableResponse> {
    await this.#header(context);
    throw rpcError("no root user");
  }

  /** Does nothing, as it is off. */
  async disable(_request: AuthDisableRequest, context: CallContext): Promise<AuthDisableResponse> {
    return { header: await this.#header(context) };
  }

  /**
   * Refuses to make a token. Clients with a user's name and password know this text, and go on
   * without a token.
   */
  async authenticate(
    _request: AuthenticateRequest,
    context: CallContext,
  ): Promise<AuthenticateResponse> {
    await this.#header(context);
    throw rpcError("authentication off");
  }

  /** Refuses every user. */
  async userAdd(
    { name }: AuthUserAddRequest,
    context: CallContext,
  ): Promise<AuthUserAddResponse> {
    await this.#header(context);
    throw rpcError(name === "" ? "user name empty" : "no users");
  }

  /** Lists no users. */
  async userList(
    _request: AuthUserListRequest,
    context: CallContext,
  ): Promise<AuthUserListResponse> {
    return { header: await this.#header(context), users: [] };
  }

  /** Does not find the user that a request names. */
  async ofUser(context: CallContext): Promise<never> {
    await this.#header(context);
    throw rpcError("user not found");
  }

  /** Refuses every role. */
  async roleAdd(
    { name }: AuthRoleAddRequest,
    context: CallContext,
  ): Promise<AuthRoleAddResponse> {
    await this.#header(context);
    throw rpcError(name === "" ? "role name empty" : "no users");
  }

  /** Lists no roles. */
  async roleList(
    _request: AuthRoleListRequest,
    context: CallContext,
  ): Promise<AuthRoleListResponse> {
    return { header: await this.#header(context), roles: [] };
  }

  /** Does not find the role that a request names. */
  async ofRole(context: CallContext): Promise<never> {
    await this.#header(context);
    throw rpcError("role not found");
  }

  /** Like etcd, which sends even these questions through its log, says nothing without a quorum. */
  async #header(context: CallContext) {
    mustServe(this.#replica, context, { learnerMay: false });
    await this.#replica.linearize(replicaOptions(context));
    return responseHeader(this.#replica, this.#replica.machine.store.revision);
  }
}
