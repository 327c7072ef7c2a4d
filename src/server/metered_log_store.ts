import { Histogram } from "../api/metrics/metric.ts";
import type { LogBatch, LogStore, RecoveredLog } from "../storage/log_store.ts";

/** From 1 ms to 8 s in doublings, as etcd has them. */
const BOUNDS_SECONDS: readonly number[] = Array.from({ length: 14 }, (_, i) => 0.001 * 2 ** i);

/** A storage whose appends are timed. */
export class MeteredLogStore implements LogStore {
  /** How long appends took until they were durable. */
  static histogram(): Histogram {
    return new Histogram(
      "etcd_disk_wal_fsync_duration_seconds",
      "How long it took until a batch of the log was durable.",
      BOUNDS_SECONDS,
    );
  }

  readonly #store: LogStore;
  readonly #durations: Histogram;

  constructor(store: LogStore, durations: Histogram) {
    this.#store = store;
    this.#durations = durations;
  }

  async append(batch: LogBatch): Promise<void> {
    const startMs = performance.now();
    await this.#store.append(batch);
    this.#durations.observe((performance.now() - startMs) / 1_000);
  }

  open(): Promise<RecoveredLog> {
    return this.#store.open();
  }

  saveIdentity(identity: Uint8Array): Promise<void> {
    return this.#store.saveIdentity(identity);
  }

  saveSnapshot(...args: Parameters<LogStore["saveSnapshot"]>): Promise<void> {
    return this.#store.saveSnapshot(...args);
  }

  compact(throughIndex: number): Promise<void> {
    return this.#store.compact(throughIndex);
  }

  byteLength(): number {
    return this.#store.byteLength();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
