import type { ClusterId, MemberId } from "../base/ids.ts";

/** A leader shows itself ten times a second; one that does not for so long is out of reach. */
const STALE_MS = 2_000;

/** What a replica in a browser knows of itself at one moment. */
export interface BrowserReplicaStatus {
  /** The cluster that it belongs to. */
  readonly clusterId: ClusterId;
  /** Who it is there. */
  readonly memberId: MemberId;
  /** Whether the leader was heard just now. If not, local reads go on and are as old as `ageMs`. */
  readonly isConnected: boolean;
  /** How long ago the leader was heard; infinite when it was not since the replica was opened. */
  readonly ageMs: number;
  /** The revision that local reads see. */
  readonly revision: number;
  /** Up to here it has followed the log. */
  readonly appliedIndex: number;
  /** Why it cannot follow the cluster, in a sentence; empty while nothing is known to be wrong. */
  readonly problem: string;
}

/** Whether a leader that was heard so long ago counts as there. */
export function isFresh(ageMs: number): boolean {
  return ageMs < STALE_MS;
}

/** What a status means that was told some time ago. */
export function laterStatus(told: BrowserReplicaStatus, sinceMs: number): BrowserReplicaStatus {
  const ageMs = told.ageMs + sinceMs;
  return { ...told, ageMs, isConnected: isFresh(ageMs) };
}
