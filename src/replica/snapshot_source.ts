import type { Segment, SnapshotManifest, SnapshotMeta } from "../raft/snapshot.ts";
import { type MachineSnapshot, manifestOf } from "./snapshot_keeper.ts";
import type { ChunkAnswer, ChunkRequest, ManifestAnswer } from "../transport/peer_message.ts";

/** How much of a segment one message carries: small enough that heartbeats are not held up. */
export const CHUNK_BYTES = 262_144;
/** Snapshots kept for followers that are fetching; the oldest one is let go. */
const PINNED_MAX = 3;
/** A follower that has asked for nothing in this long is not fetching any more. */
const IN_USE_MS = 10_000;

interface Pinned {
  /** When a follower last asked for a part of it. */
  usedMs: number;
  readonly manifest: SnapshotManifest;
  readonly segments: ReadonlyMap<string, Segment>;
}

/**
 * The leader's side of a snapshot transfer. A snapshot is pinned when a follower is told of it and
 * costs almost nothing: its segments are the state machine's own, which never change. Followers pull
 * at their own speed, so a slow one holds nothing up.
 */
export class SnapshotSource {
  #pinned = new Map<number, Pinned>();

  /** Whether the snapshot at this index is pinned already. */
  has(index: number): boolean {
    return this.#pinned.has(index);
  }

  /** Keeps a snapshot of the state machine as it is right now, which stands at `meta.index`. */
  pin(meta: SnapshotMeta, { header, segments }: MachineSnapshot, nowMs: number): void {
    this.#pinned.delete(meta.index);
    while (this.#pinned.size >= PINNED_MAX) {
      this.#pinned.delete(this.#pinned.keys().next().value as number);
    }
    this.#pinned.set(meta.index, {
      usedMs: nowMs,
      manifest: manifestOf(meta, header, segments),
      segments: new Map(segments.map((segment) => [segment.id, segment])),
    });
  }

  /** Answers a follower that asks what a snapshot consists of. */
  manifest(index: number, nowMs: number): ManifestAnswer {
    const manifest = this.#use(index, nowMs)?.manifest ?? null;
    return { type: "manifestAnswer", index, manifest };
  }

  /** Answers a follower that asks for a piece of a segment. */
  chunk({ index, segmentId, offset }: ChunkRequest, nowMs: number): ChunkAnswer {
    const segment = this.#use(index, nowMs)?.segments.get(segmentId);
    const bytes = segment === undefined || offset > segment.byteLength
      ? null
      : segment.bytes.subarray(offset, offset + CHUNK_BYTES);
    return { type: "chunkAnswer", index, segmentId, offset, bytes };
  }

  /**
   * The lowest index of a snapshot that a follower is fetching, or infinity. Entries after it must
   * stay until the follower has it, or it would have to start over again and again.
   */
  neededFrom(nowMs: number): number {
    let lowest = Infinity;
    for (const [index, { usedMs }] of this.#pinned) {
      if (nowMs - usedMs < IN_USE_MS && index < lowest) lowest = index;
    }
    return lowest;
  }

  #use(index: number, nowMs: number): Pinned | undefined {
    const pinned = this.#pinned.get(index);
    if (pinned !== undefined) pinned.usedMs = nowMs;
    return pinned;
  }

  /** Lets go of everything: this replica leads no more. */
  clear(): void {
    this.#pinned.clear();
  }
}
