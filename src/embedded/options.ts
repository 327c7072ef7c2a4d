import type { Timing } from "../replica/options.ts";
import type { ReplicaEvent } from "../replica/status.ts";
import type { UpkeepOptions } from "../replica/upkeep.ts";
import type { LogStore } from "../storage/log_store.ts";

/** A member that a cluster begins with. */
export interface EmbeddedMember {
  /** Its name, which no other member has. */
  readonly name: string;
  /** Where the others reach it, such as `wss://a.example`; none where somebody else connects them. */
  readonly peerUrls?: readonly string[];
}

/** What a replica inside a program is made from. */
export interface EmbeddedOptions {
  /** Where it keeps its log. It is opened and closed by the replica. */
  readonly storage: LogStore;
  /** Its name among the members. @default {"default"} */
  readonly name?: string;
  /**
   * The members that the cluster begins with, this one among them; the same list for each of them.
   * It counts when the storage is used for the first time. @default {this one alone}
   */
  readonly members?: readonly EmbeddedMember[];
  /** What keeps clusters apart whose members have the same names. @default {"kvorum"} */
  readonly clusterToken?: string;
  /** Where clients reach it, for member lists. @default {none} */
  readonly clientUrls?: readonly string[];
  /** The rhythm of heartbeats, elections and snapshots. @default {etcd's} */
  readonly timing?: Partial<Timing>;
  /** Compaction by itself, and the quota. @default {none} */
  readonly upkeep?: Partial<UpkeepOptions>;
  /**
   * How the members talk: over WebSockets, which each dials at the others' peer URLs, or over message
   * ports between pages, workers and parts of one program, which somebody else makes and hands out.
   * @default {"sockets"}
   */
  readonly peers?: "sockets" | "ports";
  /** Hears of changes that an operator wants to see. Must not throw. */
  readonly onEvent?: (event: ReplicaEvent) => void;
}
