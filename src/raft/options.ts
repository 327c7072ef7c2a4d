import type { MemberId } from "../base/ids.ts";
import { APPEND_MESSAGE_BYTES_MAX, UNCOMMITTED_BYTES_MAX } from "../base/limits.ts";
import type { Prng } from "../base/prng.ts";
import type { Configuration } from "./configuration.ts";
import type { Entry } from "./entry.ts";
import type { HardState } from "./hard_state.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/** What a replica's storage held when the replica started. */
export interface RecoveredState {
  /** The last hard state that became durable. */
  readonly hardState: HardState;
  /** The newest snapshot, or null if there is none. */
  readonly snapshot: SnapshotMeta | null;
  /** Consecutive entries; if there is a snapshot they begin at `snapshot.index + 1` or before. */
  readonly entries: readonly Entry[];
  /** The snapshot's configuration; without a snapshot the one the cluster was founded with. */
  readonly configuration: Configuration;
}

/** How linearizable reads are confirmed: by a round of heartbeats, or by the leader's lease. */
export type ReadMode = "readIndex" | "lease";

/** What a {@linkcode RaftNode} is made of. Time is counted in ticks. */
export interface RaftOptions {
  /** This replica. */
  readonly id: MemberId;
  /** A follower that hears nothing for this long, or up to twice as long, campaigns. */
  readonly electionTicks: number;
  /** How often a leader sends heartbeats; well below `electionTicks`. */
  readonly heartbeatTicks: number;
  /** The source of randomised election timeouts. */
  readonly prng: Prng;
  /** What the storage held. */
  readonly recovered: RecoveredState;
  /** Ask whether an election could be won before disturbing anyone (thesis §9.6). @default {true} */
  readonly preVote?: boolean;
  /** Step down when a majority is not heard from, and stick to a leader (thesis §6.2). @default {true} */
  readonly checkQuorum?: boolean;
  /** Entries of one append message; a single larger entry still travels, alone. */
  readonly appendBytesMax?: number;
  /** Append messages to one follower that may be unanswered. @default {256} */
  readonly inflightMessagesMax?: number;
  /** Bytes of entries to one follower that may be unanswered. @default {16 MiB} */
  readonly inflightBytesMax?: number;
  /** Bytes of proposals that may wait for commitment. */
  readonly uncommittedBytesMax?: number;
  /** Bytes of committed entries that one `Ready` hands out, so that a turn stays short. */
  readonly committedBytesMax?: number;
  /** Linearizable reads that may wait for their confirmation. @default {4096} */
  readonly readsMax?: number;
  /** How linearizable reads are confirmed. @default {"readIndex"} */
  readonly readMode?: ReadMode;
}

/** {@linkcode RaftOptions} with everything chosen, without what is only for the start. */
export type RaftSettings = Required<Omit<RaftOptions, "recovered">>;

/** Fills in the defaults and refuses what cannot work. */
export function settingsOf(options: RaftOptions): RaftSettings {
  const { id, electionTicks, heartbeatTicks, prng } = options;
  const settings: RaftSettings = {
    id,
    electionTicks,
    heartbeatTicks,
    prng,
    preVote: options.preVote ?? true,
    checkQuorum: options.checkQuorum ?? true,
    appendBytesMax: options.appendBytesMax ?? APPEND_MESSAGE_BYTES_MAX,
    inflightMessagesMax: options.inflightMessagesMax ?? 256,
    inflightBytesMax: options.inflightBytesMax ?? 16 * 1_048_576,
    uncommittedBytesMax: options.uncommittedBytesMax ?? UNCOMMITTED_BYTES_MAX,
    committedBytesMax: options.committedBytesMax ?? 4 * 1_048_576,
    readsMax: options.readsMax ?? 4096,
    readMode: options.readMode ?? "readIndex",
  };
  const invalid = invalidReason(settings);
  if (invalid !== null) throw new RangeError(`Cannot create a RaftNode: ${invalid}`);
  return settings;
}

function invalidReason(settings: RaftSettings): string | null {
  if (settings.id <= 0n) return "id must be above zero";
  const { electionTicks, heartbeatTicks } = settings;
  if (!Number.isSafeInteger(electionTicks) || !Number.isSafeInteger(heartbeatTicks)) {
    return "electionTicks and heartbeatTicks must be integers";
  }
  if (heartbeatTicks < 1) return "heartbeatTicks must be at least 1";
  if (electionTicks <= heartbeatTicks) return "electionTicks must be above heartbeatTicks";
  const limits = [
    settings.appendBytesMax,
    settings.inflightMessagesMax,
    settings.inflightBytesMax,
    settings.uncommittedBytesMax,
    settings.committedBytesMax,
    settings.readsMax,
  ];
  if (limits.some((limit) => !(limit >= 1))) return "every limit must be at least 1";
  if (settings.readMode === "lease" && !settings.checkQuorum) {
    return "lease reads need checkQuorum, which makes voters stick to their leader";
  }
  return null;
}
