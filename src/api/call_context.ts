import type { RequestIdentity } from "../proto/command.ts";
import { NO_MEMBER } from "../base/ids.ts";
import { rpcError } from "./errors.ts";
import type { ReplicaCallOptions, ReplicaPort } from "./replica_port.ts";

/** Who calls, once the edge has checked it. */
export interface Caller {
  readonly userName: string;
}

/** What comes with a request besides its message, the same in every encoding. */
export interface CallContext {
  /** Aborts when the client has gone or its deadline has passed. */
  readonly signal?: AbortSignal;
  /** The user, or null while nobody has to say who they are. */
  readonly caller: Caller | null;
  /** The client's name for this request, so that a repetition is applied once. */
  readonly requestIdentity?: RequestIdentity;
  /** Whether to refuse at once while no leader is known: the metadata `hasleader: true`. */
  readonly requireLeader: boolean;
}

/** The context of a call that brings nothing with it. */
export const PLAIN_CONTEXT: CallContext = { caller: null, requireLeader: false };

/**
 * Whether this replica may serve the call at all. Ref: etcd v3rpc/interceptor.go.
 * @throws {RpcError} if not
 */
export function mustServe(
  replica: ReplicaPort,
  context: CallContext,
  options: { readonly learnerMay: boolean },
): void {
  if (!context.requireLeader && options.learnerMay) return;
  const { leader, memberId, configuration } = replica.status();
  const mayAll = options.learnerMay || replica.servesAsLearner === true;
  if (!mayAll && configuration.learners.includes(memberId)) {
    throw rpcError("not supported for learner");
  }
  if (context.requireLeader && leader === NO_MEMBER) throw rpcError("no leader");
}

/** The part of a context that a replica understands. */
export function replicaOptions(context: CallContext): ReplicaCallOptions {
  const { signal, requestIdentity: identity } = context;
  if (signal === undefined) return identity === undefined ? NO_OPTIONS : { identity };
  return identity === undefined ? { signal } : { signal, identity };
}

const NO_OPTIONS: ReplicaCallOptions = {};
