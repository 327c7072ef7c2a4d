/**
 * Why the state machine refused a command. Words of the machine's own: the api layer turns them into
 * etcd's codes and texts (`api/errors.ts`).
 */
export type Reason =
  | "key not provided"
  | "key not found"
  | "value provided"
  | "lease provided"
  | "too many operations"
  | "duplicate key"
  | "invalid sort option"
  | "compacted"
  | "future revision"
  | "lease not found"
  | "lease exists"
  | "lease ttl too large"
  | "no space"
  | "corrupt"
  | "malformed command"
  | "identity expired"
  | "member not found"
  | "member exists"
  | "peer url exists"
  | "too many learners"
  | "not a learner"
  | "user name empty"
  | "user exists"
  | "user not found"
  | "role name empty"
  | "role exists"
  | "role not found"
  | "role not granted"
  | "permission not given"
  | "permission not granted"
  | "invalid auth management";

/** What became of one command: a response, or the reason why nothing changed. */
export interface CommandResult {
  readonly reason: Reason | null;
  /** The response message without its header, or null with a reason. Its type follows the kind. */
  readonly response: unknown;
  /** The store's revision after the command: what belongs in the response's header. */
  readonly revision: number;
}
