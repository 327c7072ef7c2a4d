import type { MemberId } from "../base/ids.ts";
import type { Entry } from "./entry.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/** What all messages between replicas carry. */
export interface Envelope {
  /** Who sends. */
  readonly from: MemberId;
  /** Who should receive; a replica drops what is not for it. */
  readonly to: MemberId;
  /** The sender's term; for a pre-vote the term that it would campaign in. */
  readonly term: number;
}

/** A candidate asks for a vote (Raft §5.2), or whether it would get one (pre-vote, thesis §9.6). */
export interface VoteMessage extends Envelope {
  readonly type: "vote";
  readonly preVote: boolean;
  /** The last entry of the candidate's log, for the up-to-date check (Raft §5.4.1). */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The leader itself asked for this campaign, so leader stickiness does not apply (thesis §3.10). */
  readonly transfer: boolean;
}

/** The answer to a {@linkcode VoteMessage}. */
export interface VoteAnswer extends Envelope {
  readonly type: "voteAnswer";
  readonly preVote: boolean;
  readonly granted: boolean;
  /**
   * The highest index that the voter knows to be committed, and the term there. A candidate whose
   * log has that entry learns so that it is committed: it may have asked with an old configuration.
   */
  readonly commit: number;
  readonly commitTerm: number;
}

/** A leader replicates entries (Raft §5.3). */
export interface AppendMessage extends Envelope {
  readonly type: "append";
  /** The entry just before `entries`, which the follower's log must contain. */
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly entries: readonly Entry[];
  /** The leader's commit index. */
  readonly commit: number;
}

/** The answer to an {@linkcode AppendMessage} or {@linkcode SnapshotMessage}. */
export interface AppendAnswer extends Envelope {
  readonly type: "appendAnswer";
  readonly rejected: boolean;
  /** Accepted: the follower's log matches through here, durably. Rejected: the refused `prevIndex`. */
  readonly index: number;
  /** Rejected: the follower's best guess of where the logs may still agree, and the term there. */
  readonly hintIndex: number;
  readonly hintTerm: number;
}

/** A leader keeps its followers, and confirms with `readContext` that they still follow it. */
export interface HeartbeatMessage extends Envelope {
  readonly type: "heartbeat";
  /** Capped by what the follower is known to have, so that it never commits what it lacks. */
  readonly commit: number;
  /** The newest batch of reads that waits for confirmation, or zero (thesis §6.4). */
  readonly readContext: number;
}

/** The answer to a {@linkcode HeartbeatMessage}. */
export interface HeartbeatAnswer extends Envelope {
  readonly type: "heartbeatAnswer";
  readonly readContext: number;
}

/** A leader tells a follower whose next entry is gone to fetch a snapshot (Raft §7). */
export interface SnapshotMessage extends Envelope {
  readonly type: "snapshot";
  readonly snapshot: SnapshotMeta;
}

/** A follower asks its leader for an index that a linearizable read must wait for (thesis §6.4). */
export interface ReadIndexMessage extends Envelope {
  readonly type: "readIndex";
  /** Safety: never used twice by this replica, not even across restarts. */
  readonly context: number;
}

/** The answer to a {@linkcode ReadIndexMessage}. */
export interface ReadIndexAnswer extends Envelope {
  readonly type: "readIndexAnswer";
  readonly context: number;
  readonly index: number;
}

/** A leader asks a follower to campaign at once (thesis §3.10). */
export interface TimeoutNowMessage extends Envelope {
  readonly type: "timeoutNow";
}

/** Everything that the Raft state machines of two replicas say to each other. */
export type Message =
  | VoteMessage
  | VoteAnswer
  | AppendMessage
  | AppendAnswer
  | HeartbeatMessage
  | HeartbeatAnswer
  | SnapshotMessage
  | ReadIndexMessage
  | ReadIndexAnswer
  | TimeoutNowMessage;
