/**
 * The one error table: every reason why a request is refused, with the gRPC code and the text that
 * etcd gives. Clients compare these texts, so they are part of the protocol. HTTP statuses follow
 * from the codes. Ref: etcd api/v3rpc/rpctypes/error.go, gRPC's status codes.
 */
import type { Reason } from "../machine/result.ts";
import { ReplicaError, type ReplicaReason } from "../replica/errors.ts";

/** gRPC's status codes. */
export const GrpcCode = {
  Ok: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;
/** One of the values of {@linkcode GrpcCode}. */
export type GrpcCode = typeof GrpcCode[keyof typeof GrpcCode];

/** Reasons that arise at the edge and nowhere deeper. */
export type EdgeReason =
  | "canceled"
  | "deadline exceeded"
  | "not supported for learner"
  | "bad member urls"
  | "wrong downgrade version format"
  | "invalid downgrade version"
  | "cannot downgrade"
  | "no root user"
  | "authentication off"
  | "root lacks role"
  | "cannot enable authentication"
  | "unknown method";

/** Every reason that can reach a client. */
export type ApiReason = Reason | ReplicaReason | EdgeReason;

type Row = readonly [code: GrpcCode, text: string];

const { InvalidArgument, NotFound, FailedPrecondition, OutOfRange, Unavailable, Unknown } =
  GrpcCode;

/** Reason to code and text. Why Unknown: etcd answers these two from a value without a status. */
export const ERROR_TABLE: Readonly<Record<ApiReason, Row>> = {
  "key not provided": [InvalidArgument, "etcdserver: key is not provided"],
  "key not found": [InvalidArgument, "etcdserver: key not found"],
  "value provided": [InvalidArgument, "etcdserver: value is provided"],
  "lease provided": [InvalidArgument, "etcdserver: lease is provided"],
  "too many operations": [InvalidArgument, "etcdserver: too many operations in txn request"],
  "duplicate key": [InvalidArgument, "etcdserver: duplicate key given in txn request"],
  "invalid sort option": [InvalidArgument, "etcdserver: invalid sort option"],
  "request too large": [InvalidArgument, "etcdserver: request is too large"],
  "malformed command": [InvalidArgument, "kvorum: malformed command"],
  "compacted": [OutOfRange, "etcdserver: mvcc: required revision has been compacted"],
  "future revision": [OutOfRange, "etcdserver: mvcc: required revision is a future revision"],
  "lease ttl too large": [OutOfRange, "etcdserver: too large lease TTL"],
  "lease not found": [NotFound, "etcdserver: requested lease not found"],
  "member not found": [NotFound, "etcdserver: member not found"],
  "lease exists": [FailedPrecondition, "etcdserver: lease already exists"],
  "member exists": [FailedPrecondition, "etcdserver: member ID already exist"],
  "peer url exists": [FailedPrecondition, "etcdserver: Peer URLs already exists"],
  "too many learners": [FailedPrecondition, "etcdserver: too many learner members in cluster"],
  "not a learner": [FailedPrecondition, "etcdserver: can only promote a learner member"],
  "learner not in sync": [
    FailedPrecondition,
    "etcdserver: can only promote a learner member which is in sync with leader",
  ],
  "not leader": [FailedPrecondition, "etcdserver: not leader"],
  "bad transferee": [FailedPrecondition, "etcdserver: bad leader transferee"],
  "not supported for learner": [FailedPrecondition, "etcdserver: rpc not supported for learner"],
  "bad member urls": [InvalidArgument, "etcdserver: given member URLs are invalid"],
  "wrong downgrade version format": [
    InvalidArgument,
    "etcdserver: wrong downgrade target version format",
  ],
  "invalid downgrade version": [
    InvalidArgument,
    "etcdserver: invalid downgrade target version",
  ],
  "cannot downgrade": [FailedPrecondition, "kvorum: there is no older version to go back to"],
  "no root user": [FailedPrecondition, "etcdserver: root user does not exist"],
  "authentication off": [FailedPrecondition, "etcdserver: authentication is not enabled"],
  "user name empty": [InvalidArgument, "etcdserver: user name is empty"],
  "user not found": [FailedPrecondition, "etcdserver: user name not found"],
  "role name empty": [InvalidArgument, "etcdserver: role name is empty"],
  "role not found": [FailedPrecondition, "etcdserver: role name not found"],
  "root lacks role": [FailedPrecondition, "etcdserver: root user does not have root role"],
  "cannot enable authentication": [
    GrpcCode.Unimplemented,
    "kvorum: users and roles are kept but not enforced yet: authentication stays off",
  ],
  "user exists": [FailedPrecondition, "etcdserver: user name already exists"],
  "role exists": [FailedPrecondition, "etcdserver: role name already exists"],
  "role not granted": [FailedPrecondition, "etcdserver: role is not granted to the user"],
  "permission not given": [InvalidArgument, "etcdserver: permission not given"],
  "permission not granted": [
    FailedPrecondition,
    "etcdserver: permission is not granted to the role",
  ],
  "invalid auth management": [InvalidArgument, "etcdserver: invalid auth management"],
  "identity expired": [FailedPrecondition, "kvorum: request identity expired"],
  "no space": [GrpcCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded"],
  "corrupt": [GrpcCode.DataLoss, "etcdserver: corrupt cluster"],
  "no leader": [Unavailable, "etcdserver: no leader"],
  "leader changed": [Unavailable, "etcdserver: leader changed"],
  "timed out": [Unavailable, "etcdserver: request timed out"],
  "stopped": [Unavailable, "etcdserver: server stopped"],
  "removed": [Unavailable, "etcdserver: server stopped"],
  "unhealthy cluster": [Unavailable, "etcdserver: unhealthy cluster"],
  "change pending": [Unavailable, "kvorum: another membership change is under way"],
  "too many requests": [Unknown, "etcdserver: too many requests"],
  "not enough started members": [
    Unknown,
    "etcdserver: re-configuration failed due to not enough started members",
  ],
  "transfer timed out": [
    Unknown,
    "etcdserver: request timed out, leader transfer took too long",
  ],
  "canceled": [GrpcCode.Canceled, "context canceled"],
  "deadline exceeded": [GrpcCode.DeadlineExceeded, "context deadline exceeded"],
  "unknown method": [GrpcCode.Unimplemented, "etcdserver: unknown method"],
};

/** Indexed by code: the HTTP status that carries it. */
const HTTP_STATUS: readonly number[] = [
  200,
  499,
  500,
  400,
  504,
  404,
  409,
  403,
  429,
  400,
  409,
  400,
  501,
  500,
  503,
  500,
  401,
];

/** The HTTP status that carries a gRPC code. */
export function httpStatus(code: GrpcCode): number {
  return HTTP_STATUS[code];
}

/** A refusal as a client sees it: a gRPC code and etcd's text. */
export class RpcError extends Error {
  override name: string = "RpcError";
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The refusal for a reason of the table. */
export function rpcError(reason: ApiReason, options?: ErrorOptions): RpcError {
  const [code, text] = ERROR_TABLE[reason];
  return new RpcError(code, text, options);
}

/**
 * The refusal that stands for whatever was thrown. What nobody foresaw becomes "internal error"
 * with its cause: the cause is for the log, and never for the client.
 */
export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  if (thrown instanceof ReplicaError) return rpcError(thrown.reason, { cause: thrown });
  if (thrown instanceof DOMException) {
    if (thrown.name === "AbortError") return rpcError("canceled", { cause: thrown });
    if (thrown.name === "TimeoutError") return rpcError("deadline exceeded", { cause: thrown });
  }
  return new RpcError(GrpcCode.Internal, "kvorum: internal error", { cause: thrown });
}
