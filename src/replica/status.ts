import type { ClusterId, MemberId } from "../base/ids.ts";
import type { AlarmType } from "../machine/alarms.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { Role } from "../raft/ready.ts";

/** A replica's view of itself and its cluster at one moment. */
export interface ReplicaStatus {
  /** The cluster that it belongs to. */
  readonly clusterId: ClusterId;
  /** Who it is there. */
  readonly memberId: MemberId;
  /** What it does there now. */
  readonly role: Role;
  /** The leader that this replica follows, or zero. */
  readonly leader: MemberId;
  /** The latest term that it knows of. */
  readonly term: number;
  /** Up to here the log is agreed on, as far as it knows. */
  readonly commitIndex: number;
  /** Up to here its machine has followed. */
  readonly appliedIndex: number;
  /** The last entry that it has. */
  readonly lastIndex: number;
  /** Who votes and who learns. */
  readonly configuration: Configuration;
  /** Bytes that the durable storage occupies. */
  readonly storageBytes: number;
  /** How many bytes the store may hold; infinite without a quota. */
  readonly quotaBytes: number;
}

/** What a replica counts since it was opened. */
export interface ReplicaCounts {
  /** Commands of its clients whose outcome is not known yet. */
  readonly proposalsPending: number;
  /** Commands of its clients that were given up or refused before they had an outcome. */
  readonly proposalsFailed: number;
  /** Questions for linearizable reads that got no answer in time and were asked again. */
  readonly readIndexesSlow: number;
  /** Linearizable reads that were given up. */
  readonly readIndexesFailed: number;
}

/** Something that an operator wants to see. */
export type ReplicaEvent =
  | {
    readonly type: "leader";
    readonly leader: MemberId;
    readonly term: number;
    readonly role: Role;
  }
  | { readonly type: "peerConnected"; readonly peer: MemberId }
  | { readonly type: "peerDisconnected"; readonly peer: MemberId }
  | { readonly type: "recovered"; readonly index: number; readonly notes: readonly string[] }
  | { readonly type: "snapshotSaved"; readonly index: number; readonly byteLength: number }
  | { readonly type: "snapshotInstalled"; readonly index: number; readonly from: MemberId }
  | { readonly type: "alarmRaised"; readonly memberId: MemberId; readonly alarm: AlarmType }
  | { readonly type: "alarmCleared"; readonly memberId: MemberId; readonly alarm: AlarmType }
  | { readonly type: "compacted"; readonly revision: number }
  | {
    /** A compaction has taken out all that it could. */
    readonly type: "spaceFreed";
    readonly revision: number;
    readonly bytesInUse: number;
    readonly bytesTotal: number;
  }
  | { readonly type: "removed" }
  | { readonly type: "failed"; readonly error: Error };
