import type { Clock } from "../base/clock.ts";
import type { ClusterId, MemberId } from "../base/ids.ts";
import {
  APPEND_MESSAGE_BYTES_MAX,
  SNAPSHOT_CATCH_UP_ENTRIES,
  SNAPSHOT_ENTRIES,
} from "../base/limits.ts";
import type { Prng } from "../base/prng.ts";
import type { ReadMode } from "../raft/options.ts";
import type { LogStore } from "../storage/log_store.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import type { InitialMember, ReplicaIdentity } from "./identity.ts";
import type { ReplicaEvent } from "./status.ts";
import type { UpkeepOptions } from "./upkeep.ts";

export type { ReadMode } from "../raft/options.ts";

/** What a replica becomes when its storage has never been used. */
export interface Bootstrap {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** 16 random bytes; see {@linkcode ReplicaIdentity.instanceId}. */
  readonly instanceId: Uint8Array;
  /** The members of a new cluster, or none for a replica that joins a running one. */
  readonly initialMembers: readonly InitialMember[];
}

/** What this replica tells the others about itself once it can write. */
export interface Attributes {
  readonly name: string;
  readonly clientUrls: readonly string[];
}

/** Everything a replica is made from. Nothing else reaches it. */
export interface ReplicaOptions {
  readonly storage: LogStore;
  /** Makes the way to the others, once the storage has said who this replica is. */
  readonly connect: (identity: ReplicaIdentity) => PeerTransport;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Who the replica is, or how to find out; a storage that was used before says it itself. */
  readonly bootstrap: Bootstrap | (() => Promise<Bootstrap>);
  readonly attributes: Attributes;
  /**
   * Whether clients may ask it for everything also while it is a learner, which then asks the leader.
   * Default false: etcd's learners serve what needs no leader.
   */
  readonly servesAsLearner?: boolean;
  readonly timing?: Partial<Timing>;
  /**
   * How linearizable reads are confirmed; docs/raft.md says what "lease" trusts the clocks with.
   * Default "readIndex".
   */
  readonly readMode?: ReadMode;
  readonly upkeep?: Partial<UpkeepOptions>;
  /**
   * Whether `Replica.open` compares what the storage held with what the other members have, as far
   * as they answer within seconds, and refuses to go on if it differs from most. Default false.
   */
  readonly checksDataAtStart?: boolean;
  readonly onEvent?: (event: ReplicaEvent) => void;
}

/** The rhythm of a replica. */
export interface Timing {
  /** How often a leader shows that it is there. Default 100. */
  readonly heartbeatIntervalMs: number;
  /** How long a follower waits for its leader, drawn anew between this and twice this. Default 1000. */
  readonly electionTimeoutMs: number;
  /** Entries applied between two snapshots. Default 10,000. */
  readonly snapshotEntries: number;
  /** Entries kept behind a snapshot for followers that are a little late. Default 5,000. */
  readonly snapshotCatchUpEntries: number;
  /** Bytes of entries in one message to a follower; a larger entry travels alone. Default 1 MiB. */
  readonly appendBytesMax: number;
}

/** etcd's defaults. */
export const DEFAULT_TIMING: Timing = {
  heartbeatIntervalMs: 100,
  electionTimeoutMs: 1_000,
  snapshotEntries: SNAPSHOT_ENTRIES,
  snapshotCatchUpEntries: SNAPSHOT_CATCH_UP_ENTRIES,
  appendBytesMax: APPEND_MESSAGE_BYTES_MAX,
};

/** Ticks of Raft's clock in a heartbeat: finer ticks spread election timeouts better. */
export const TICKS_PER_HEARTBEAT = 4;
