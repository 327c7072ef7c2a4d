import type { Segment, SnapshotManifest } from "../../src/raft/snapshot.ts";
import type { LogBatch, LogStore, RecoveredLog } from "../../src/storage/log_store.ts";
import type { DurableLog } from "./checks/durable_log.ts";

/** A replica's storage under observation: what becomes durable is told before the replica knows. */
export class ObservedLogStore implements LogStore {
  readonly #store: LogStore;
  readonly #durable: DurableLog;

  constructor(store: LogStore, durable: DurableLog) {
    this.#store = store;
    this.#durable = durable;
  }

  async open(): Promise<RecoveredLog> {
    const recovered = await this.#store.open();
    this.#durable.recovered(recovered);
    return recovered;
  }

  async append(batch: LogBatch): Promise<void> {
    this.#durable.appending(batch);
    await this.#store.append(batch);
    this.#durable.appended(batch);
  }

  saveIdentity(identity: Uint8Array): Promise<void> {
    return this.#store.saveIdentity(identity);
  }

  async saveSnapshot(manifest: SnapshotManifest, segments: Iterable<Segment>): Promise<void> {
    this.#durable.saving();
    await this.#store.saveSnapshot(manifest, segments);
    this.#durable.saved(manifest);
  }

  async compact(throughIndex: number): Promise<void> {
    await this.#store.compact(throughIndex);
    this.#durable.compacted(throughIndex);
  }

  byteLength(): number {
    return this.#store.byteLength();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
