import { assert } from "@std/assert";
import type { Configuration } from "../../../src/raft/configuration.ts";
import type { Entry } from "../../../src/raft/entry.ts";
import { EMPTY_HARD_STATE, type HardState } from "../../../src/raft/hard_state.ts";
import type { RecoveredState } from "../../../src/raft/options.ts";
import type { Write } from "../../../src/raft/ready.ts";
import type { SnapshotMeta } from "../../../src/raft/snapshot.ts";

/** What one replica of a test has durably: what a crash leaves. */
export class TestDisk {
  readonly #founded: Configuration;
  hardState: HardState = EMPTY_HARD_STATE;
  snapshot: SnapshotMeta | null = null;
  entries: Entry[] = [];

  constructor(founded: Configuration) {
    this.#founded = founded;
  }

  /** Makes a write durable, all of it at once. */
  save(write: Write): void {
    if (write.hardState !== null) this.hardState = write.hardState;
    if (write.snapshot !== null) {
      this.snapshot = write.snapshot;
      this.entries = [];
    }
    const first = write.entries[0];
    if (first === undefined) return;
    const keep = this.entries.filter((entry) => entry.index < first.index);
    const lastKept = keep.at(-1)?.index ?? this.snapshot?.index ?? 0;
    assert(first.index <= lastKept + 1, `A write leaves a gap before entry ${first.index}`);
    this.entries = [...keep, ...write.entries];
  }

  /** Takes a snapshot and forgets the entries before it, except `kept` of them. */
  compact(snapshot: SnapshotMeta, kept: number): void {
    this.snapshot = snapshot;
    this.entries = this.entries.filter((entry) => entry.index > snapshot.index - kept);
  }

  recover(): RecoveredState {
    return {
      hardState: this.hardState,
      snapshot: this.snapshot,
      entries: this.entries,
      configuration: this.snapshot?.configuration ?? this.#founded,
    };
  }
}
