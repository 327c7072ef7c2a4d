import type { MemberId } from "../base/ids.ts";
import type { Message } from "../raft/message.ts";
import type { SnapshotManifest } from "../raft/snapshot.ts";

/** A batch of commands that a replica hands to the leader, ready to become one log entry. */
export interface ForwardMessage {
  readonly type: "forward";
  readonly batch: Uint8Array;
}

/** The leader tells its reading of the lease clock, along with heartbeats. */
export interface LeaseClockMessage {
  readonly type: "leaseClock";
  readonly term: number;
  readonly readingMs: number;
}

/** A follower asks for the manifest of the snapshot that it was told to fetch. */
export interface ManifestRequest {
  readonly type: "manifestRequest";
  /** The snapshot's index. */
  readonly index: number;
}

/** The manifest, or null when the sender no longer holds that snapshot. */
export interface ManifestAnswer {
  readonly type: "manifestAnswer";
  readonly index: number;
  readonly manifest: SnapshotManifest | null;
}

/** A follower asks for a piece of a segment. Lost requests and answers are simply asked for again. */
export interface ChunkRequest {
  readonly type: "chunkRequest";
  readonly index: number;
  readonly segmentId: string;
  /** The first byte wanted. */
  readonly offset: number;
}

/** A piece of a segment; `bytes` is null when the sender no longer holds it. */
export interface ChunkAnswer {
  readonly type: "chunkAnswer";
  readonly index: number;
  readonly segmentId: string;
  readonly offset: number;
  readonly bytes: Uint8Array | null;
}

/** A call that only the leader can answer, such as keeping a lease alive. */
export interface CallMessage {
  readonly type: "call";
  /** Chosen by the caller; never used twice, not even across restarts. */
  readonly id: number;
  readonly method: string;
  readonly body: Uint8Array;
}

/** The answer to a {@linkcode CallMessage}: a body, or the reason why there is none. */
export interface CallAnswer {
  readonly type: "callAnswer";
  readonly id: number;
  readonly error: string | null;
  readonly body: Uint8Array;
}

/** Everything that two replicas say to each other. */
export type PeerMessage =
  | Message
  | ForwardMessage
  | ManifestRequest
  | ManifestAnswer
  | ChunkRequest
  | ChunkAnswer
  | CallMessage
  | CallAnswer
  | LeaseClockMessage;

/** Where a replica can be reached. A replica without addresses only dials. */
export interface PeerAddress {
  readonly id: MemberId;
  readonly urls: readonly string[];
}
