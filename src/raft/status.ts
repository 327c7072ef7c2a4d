import type { MemberId } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import type { ProgressState } from "./progress.ts";
import type { Role } from "./ready.ts";
import { isActive } from "./replication.ts";
import type { RaftState } from "./state.ts";

/** What the leader knows about one follower, as plain data. */
export interface ProgressStatus {
  readonly id: MemberId;
  readonly state: ProgressState;
  readonly match: number;
  readonly next: number;
  /** Nothing is sent before the follower gives a sign of life. */
  readonly paused: boolean;
  readonly inflightMessages: number;
  /** The snapshot that the follower was told to fetch, or zero. */
  readonly snapshotIndex: number;
  /** Whether it was heard from within the last election timeout. */
  readonly active: boolean;
}

/** Where one replica's Raft stands, as plain data. */
export interface RaftStatus {
  readonly id: MemberId;
  readonly role: Role;
  readonly term: number;
  readonly vote: MemberId;
  readonly leader: MemberId;
  readonly commit: number;
  readonly applied: number;
  readonly stable: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly configuration: Configuration;
  readonly transferee: MemberId;
  readonly uncommittedBytes: number;
  /** One for each other member on a leader; empty elsewhere. */
  readonly progress: readonly ProgressStatus[];
}

/** Copies out what people and metrics want to know. */
export function statusOf(state: RaftState): RaftStatus {
  const { log } = state;
  return {
    id: state.id,
    role: state.role,
    term: state.term,
    vote: state.vote,
    leader: state.leader,
    commit: log.commit,
    applied: log.applied,
    stable: log.stable,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    configuration: state.configuration,
    transferee: state.transferee,
    uncommittedBytes: state.uncommittedBytes,
    progress: [...state.progress].map(([id, progress]) => ({
      id,
      state: progress.state,
      match: progress.match,
      next: progress.next,
      paused: progress.paused,
      inflightMessages: progress.inflights.count,
      snapshotIndex: progress.snapshotIndex,
      active: isActive(state, id),
    })),
  };
}
