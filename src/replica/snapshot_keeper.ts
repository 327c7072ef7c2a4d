import type { Clock } from "../base/clock.ts";
import type { Entry } from "../raft/entry.ts";
import { entryBytes } from "../raft/entry.ts";
import type { Segment, SnapshotManifest, SnapshotMeta } from "../raft/snapshot.ts";
import type { LogStore } from "../storage/log_store.ts";

/** Entries of this many bytes call for a snapshot, however few they are: they are held in memory. */
const LOG_BYTES_MAX = 64 * 1_048_576;
/** The loop gives so much time to a save before others have their turn. */
const STEP_MS = 4;

/** What a snapshot of the state machine consists of. */
export interface MachineSnapshot {
  readonly header: Uint8Array;
  readonly segments: readonly Segment[];
}

/** What the replica's loop does when a snapshot is safe. */
interface KeeperListener {
  /** The lowest index that must stay because a follower is fetching a snapshot from there. */
  neededFrom(): number;
  /** The snapshot at `index` is durable: entries up to `compactThrough` may be forgotten. */
  onSaved(index: number, compactThrough: number, byteLength: number): void;
  onFailed(error: unknown): void;
}

/**
 * Keeps the log short: after so many entries or bytes the state machine is saved, and the entries
 * that the snapshot covers are forgotten, but for a few that late followers may still want.
 */
export class SnapshotKeeper {
  readonly #storage: LogStore;
  readonly #clock: Clock;
  readonly #entriesMax: number;
  readonly #catchUpEntries: number;
  readonly #listener: KeeperListener;
  #lastIndex: number;
  #bytesSince = 0;
  #saving: Promise<void> | null = null;

  /** @param lastIndex The index of the snapshot that the storage holds, or zero. */
  constructor(
    storage: LogStore,
    clock: Clock,
    lastIndex: number,
    limits: { snapshotEntries: number; snapshotCatchUpEntries: number },
    listener: KeeperListener,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#lastIndex = lastIndex;
    this.#entriesMax = limits.snapshotEntries;
    this.#catchUpEntries = limits.snapshotCatchUpEntries;
    this.#listener = listener;
  }

  /** Counts an entry that has been applied. */
  onApplied(entry: Entry): void {
    this.#bytesSince += entryBytes(entry);
  }

  /** Whether it is time to save the state machine, which stands at `appliedIndex`. */
  isDue(appliedIndex: number): boolean {
    if (this.#saving !== null) return false;
    return appliedIndex - this.#lastIndex >= this.#entriesMax ||
      (this.#bytesSince >= LOG_BYTES_MAX && appliedIndex > this.#lastIndex);
  }

  /** Saves a snapshot beside the loop's own work. The state machine stands at `meta.index` now. */
  save(meta: SnapshotMeta, { header, segments }: MachineSnapshot): void {
    const manifest = manifestOf(meta, header, segments);
    const heavy = this.#bytesSince >= LOG_BYTES_MAX;
    this.#bytesSince = 0;
    const keep = heavy ? 0 : this.#catchUpEntries;
    this.#saving = this.#run(manifest, segments, meta.index - keep);
  }

  /** A snapshot of the leader has replaced everything up to `index`. */
  onInstalled(index: number): void {
    this.#lastIndex = index;
    this.#bytesSince = 0;
  }

  /** Resolves when no save is under way. */
  async idle(): Promise<void> {
    await this.#saving;
  }

  async #run(
    manifest: SnapshotManifest,
    segments: readonly Segment[],
    wantedThrough: number,
  ): Promise<void> {
    try {
      await this.#storage.saveSnapshot(manifest, inSteps(segments, this.#clock));
      const compactThrough = Math.min(wantedThrough, this.#listener.neededFrom());
      if (compactThrough > 0) await this.#storage.compact(compactThrough);
      this.#saving = null;
      this.#lastIndex = Math.max(this.#lastIndex, manifest.index);
      this.#listener.onSaved(manifest.index, compactThrough, byteLengthOf(segments));
    } catch (error) {
      this.#saving = null;
      this.#listener.onFailed(error);
    }
  }
}

/**
 * The segments, with breaks between them while they are saved. Why: a storage that waits for nothing,
 * as one in memory, would take all of a large store in one go.
 */
export async function* inSteps(
  segments: readonly Segment[],
  clock: Clock,
): AsyncGenerator<Segment> {
  let begunMs = clock.nowMs();
  for (const segment of segments) {
    if (clock.nowMs() - begunMs >= STEP_MS) {
      await new Promise<void>((resolve) => clock.after(0, resolve));
      begunMs = clock.nowMs();
    }
    yield segment;
  }
}

/** The manifest of a snapshot that stands at `meta`. */
export function manifestOf(
  meta: SnapshotMeta,
  header: Uint8Array,
  segments: readonly Segment[],
): SnapshotManifest {
  return {
    index: meta.index,
    term: meta.term,
    configuration: meta.configuration,
    header,
    segments: segments.map(({ id, byteLength }) => ({ id, byteLength })),
  };
}

function byteLengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.byteLength, 0);
}
