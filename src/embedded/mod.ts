/**
 * A replica inside your own program, on Web APIs alone: it serves requests and sockets that the
 * program hands it, and the client that it makes needs no network.
 *
 * @module
 */
export type { ClusterId } from "../base/ids.ts";
export * from "../client/mod.ts";
export type { AlarmType } from "../machine/alarms.ts";
export type { Role } from "../raft/ready.ts";
export type { CompactionPolicy } from "../replica/auto_compaction.ts";
export type { Timing } from "../replica/options.ts";
export type { ReplicaEvent, ReplicaStatus } from "../replica/status.ts";
export type { UpkeepOptions } from "../replica/upkeep.ts";
export * from "../storage/seam.ts";
export { EmbeddedReplica } from "./embedded_replica.ts";
export type { EmbeddedMember, EmbeddedOptions } from "./options.ts";
