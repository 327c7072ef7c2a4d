import { type MemberId, NO_MEMBER } from "../base/ids.ts";

/**
 * What a replica must never forget (Raft figure 2). Safety: `term` and `vote` are durable before any
 * message that follows from them leaves the replica. `commit` is only a hint that shortens a restart.
 */
export interface HardState {
  /** The latest term this replica has seen. */
  readonly term: number;
  /** Whom it voted for in that term, or {@linkcode NO_MEMBER}. */
  readonly vote: MemberId;
  /** The highest index it knew to be committed. */
  readonly commit: number;
}

/** The state of a replica that has seen nothing. */
export const EMPTY_HARD_STATE: HardState = { term: 0, vote: NO_MEMBER, commit: 0 };
