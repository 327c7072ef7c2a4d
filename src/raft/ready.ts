import type { MemberId } from "../base/ids.ts";
import type { Entry } from "./entry.ts";
import type { HardState } from "./hard_state.ts";
import type { Message } from "./message.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/** The part that a replica plays. */
export type Role = "follower" | "preCandidate" | "candidate" | "leader";

/** A linearizable read that may be served once the machine has applied `index`. */
export interface ReadState {
  readonly context: number;
  readonly index: number;
}

/** What has to become durable, in one atomic step. */
export interface Write {
  /**
   * The new hard state, or null when term and vote are unchanged since the last write. It comes along
   * in any case with a snapshot and with a change of the configuration.
   */
  readonly hardState: HardState | null;
  /** Entries to append; whatever the log has from the first one's index on is replaced. */
  readonly entries: readonly Entry[];
  /** A snapshot from the leader that replaces the log before the entries; its data is at hand. */
  readonly snapshot: SnapshotMeta | null;
  /**
   * Messages that promise what this write makes durable (votes, acknowledgements, a candidate's
   * requests, which name its log). Safety: they are sent after the write and never before it, and
   * not at all if it fails.
   */
  readonly messages: readonly Message[];
}

/**
 * What the Raft state machine wants done. The replica, in any order unless stated:
 *
 * 1. sends `messages` at once, also while a write is under way (thesis §10.2.1), and before it applies
 *    `committed`: a `SnapshotMessage` speaks of what is applied now;
 * 2. makes `write` durable, then sends `write.messages`, then calls `RaftNode.written(write)`;
 *    one write is under way at a time, and what comes up meanwhile is gathered into the next;
 * 3. applies `committed` in order and calls `RaftNode.applied(index)`;
 * 4. serves `reads` once the machine has applied their index.
 */
export interface Ready {
  /** Role, leader and term, when one of them changed since the last `Ready`. */
  readonly roleChange:
    | { readonly role: Role; readonly leader: MemberId; readonly term: number }
    | null;
  readonly write: Write | null;
  readonly messages: readonly Message[];
  /** Committed entries that are durable here and were not handed out before. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadState[];
}
