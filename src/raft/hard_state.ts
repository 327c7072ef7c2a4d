import { type MemberId, NO_MEMBER } from "../base/ids.ts";

/**
 * What a replica must never forget (Raft figure 2). Safety: `term` and `vote` are durable before any
 * message that promises something in that term leaves the replica. `commit` is a hint that shortens a
 * restart, but what it says about changes of the configuration counts: see `writes.ts`.
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
