/** Why a replica could not do what it was asked. */
const REASONS = [
  // No leader is known; the cluster has no quorum, or an election is under way.
  "no leader",
  // The answer did not come in time. What was proposed may or may not happen.
  "timed out",
  // The leader changed while a read waited for its index. Nothing happened; ask again.
  "leader changed",
  // The queue of what is not yet committed is full. Nothing happened.
  "too many requests",
  // The request is larger than the cluster takes. Nothing happened.
  "request too large",
  // The replica is closing or closed, or its storage failed.
  "stopped",
  // The replica's data differs from that of the others.
  "corrupt",
  // The replica was removed from its cluster.
  "removed",
  // Only the leader can do this.
  "not leader",
  // The replica that leadership should go to cannot take it.
  "bad transferee",
  // Leadership did not move in time.
  "transfer timed out",
  // Another change of the members is under way.
  "change pending",
  // The change would leave too few started members for a quorum.
  "not enough started members",
  // Too few members have been reachable for long enough to change them safely.
  "unhealthy cluster",
  // The learner has not caught up with the leader.
  "learner not in sync",
  // The member is not known.
  "member not found",
  // The member votes already.
  "not a learner",
  // A member with that identity exists.
  "member exists",
  // A member with one of those addresses exists.
  "peer url exists",
  // The cluster has as many learners as it may.
  "too many learners",
] as const;
/** One of the reasons why a replica could not do what it was asked. */
export type ReplicaReason = typeof REASONS[number];

/** Whether a text that came from another replica is one of the reasons. */
export function isReplicaReason(text: string): text is ReplicaReason {
  return REASONS.some((reason) => reason === text);
}

/** A request that a replica could not serve. The message says what to do. */
export class ReplicaError extends Error {
  override name = "ReplicaError";
  readonly reason: ReplicaReason;

  constructor(reason: ReplicaReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
