import type { Configuration } from "./configuration.ts";

/** Where in the log a snapshot stands. It replaces all entries up to and including `index`. */
export interface SnapshotMeta {
  /** The last index that the snapshot covers. */
  readonly index: number;
  /** The term of the entry at that index. */
  readonly term: number;
  /** The configuration after that entry. Safety: an applied one, never one that is only appended. */
  readonly configuration: Configuration;
}

/** An immutable piece of a snapshot, named by its content. */
export interface SegmentRef {
  /** Equal names mean equal bytes on every replica of a cluster. */
  readonly id: string;
  /** How many bytes the segment has. */
  readonly byteLength: number;
}

/** A segment with its bytes. */
export interface Segment extends SegmentRef {
  /** The content; nobody may change it. */
  readonly bytes: Uint8Array;
}

/** A whole snapshot by reference: small itself, its segments fetched or stored one by one. */
export interface SnapshotManifest extends SnapshotMeta {
  /** The state machine's own small part: everything that is not in segments. */
  readonly header: Uint8Array;
  /** The segments in the state machine's order. */
  readonly segments: readonly SegmentRef[];
}
