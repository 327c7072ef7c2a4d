/** How much history a leader keeps by itself; everything before is compacted. */
export type CompactionPolicy =
  | {
    /** Keep what was written in the last so many milliseconds. */
    readonly mode: "periodic";
    readonly retentionMs: number;
  }
  | {
    /** Keep the last so many revisions. */
    readonly mode: "revision";
    readonly retainedRevisions: number;
  };

/** How the store stands when the schedule is asked. */
export interface StoreProgress {
  readonly revision: number;
  readonly compactRevision: number;
}

const HOUR_MS = 3_600_000;
/** A compaction by time happens once in this long, or in the retention if that is shorter. */
const PERIOD_MS_MAX = HOUR_MS;
/** Revisions are noted this often within such a period. */
const SAMPLES_PER_PERIOD = 10;
/** A compaction by count happens this often. Ref: etcd v3compactor/revision.go. */
const REVISION_INTERVAL_MS = 300_000;

/**
 * The schedule of compactions that nobody asks for. Every replica notes how revisions grow, so that
 * whoever leads knows what the store was like a while ago; only the leader compacts.
 *
 * Ref: etcd server/etcdserver/api/v3compactor.
 */
export class AutoCompaction {
  readonly #policy: CompactionPolicy;
  /** How often the schedule looks. */
  readonly #intervalMs: number;
  /** Revisions as they were at the last looks, the oldest first. */
  readonly #samples: number[] = [];
  readonly #samplesMax: number;
  #lookedMs: number;
  #succeededMs: number;
  #succeededRevision = 0;
  /** How long after a success the next compaction is due: the whole retention for the first. */
  #waitMs: number;
  /** The compaction that was proposed and not seen to be made yet. */
  #proposed: { readonly revision: number; readonly atMs: number } | null = null;

  constructor(policy: CompactionPolicy, nowMs: number, revision: number) {
    this.#policy = policy;
    this.#lookedMs = this.#succeededMs = nowMs;
    if (policy.mode === "revision") {
      this.#intervalMs = REVISION_INTERVAL_MS;
      this.#samplesMax = this.#waitMs = 0;
      return;
    }
    const { retentionMs } = policy;
    this.#waitMs = retentionMs;
    this.#intervalMs = Math.min(retentionMs, PERIOD_MS_MAX) / SAMPLES_PER_PERIOD;
    this.#samplesMax = Math.floor(retentionMs / this.#intervalMs) + 1;
    this.#samples.push(revision);
  }

  /** The revision to compact at now, or null. To be asked more often than the schedule looks. */
  due(nowMs: number, leads: boolean, store: StoreProgress): number | null {
    if (nowMs - this.#lookedMs < this.#intervalMs) return null;
    this.#lookedMs = nowMs;
    this.#settle(store.compactRevision);
    const revision = this.#policy.mode === "revision"
      ? store.revision - this.#policy.retainedRevisions
      : this.#periodic(nowMs, store.revision);
    if (!leads || revision <= store.compactRevision || revision < 1) return null;
    if (revision === this.#succeededRevision) return null;
    this.#proposed = { revision, atMs: nowMs };
    return revision;
  }

  /** What the store was at one retention ago, if it is time to compact there; else zero. */
  #periodic(nowMs: number, revision: number): number {
    const [oldest] = this.#samples;
    this.#samples.push(revision);
    if (this.#samples.length > this.#samplesMax) this.#samples.shift();
    return nowMs - this.#succeededMs >= this.#waitMs ? oldest : 0;
  }

  /** A proposal may be lost with the leader; then the next look proposes again. */
  #settle(compactRevision: number): void {
    const proposed = this.#proposed;
    this.#proposed = null;
    if (proposed === null || compactRevision < proposed.revision) return;
    this.#succeededMs = proposed.atMs;
    this.#succeededRevision = proposed.revision;
    if (this.#policy.mode === "periodic") {
      this.#waitMs = Math.min(this.#policy.retentionMs, PERIOD_MS_MAX);
    }
  }
}
