import { assertEquals, assertExists } from "@std/assert";
import type { MemberId } from "../../../src/base/ids.ts";
import { SeededPrng } from "../../../src/base/prng.ts";
import type { Configuration } from "../../../src/raft/configuration.ts";
import { decodeConfigurationChange } from "../../../src/raft/configuration_change.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import type { Message } from "../../../src/raft/message.ts";
import { RaftNode } from "../../../src/raft/node.ts";
import type { RaftOptions } from "../../../src/raft/options.ts";
import type { ReadState, Ready, Write } from "../../../src/raft/ready.ts";
import type { SnapshotMeta } from "../../../src/raft/snapshot.ts";
import { TestDisk } from "./disk.ts";

/** What a test may choose about a replica. */
export type TestOptions = Partial<Omit<RaftOptions, "id" | "recovered" | "prng">> & {
  seed?: number;
};

/** The real RaftNode with a disk that can be slow and a state machine that remembers entries. */
export class TestReplica {
  readonly id: MemberId;
  readonly disk: TestDisk;
  readonly #options: TestOptions;
  readonly #prng: SeededPrng;
  node: RaftNode;
  /** What the state machine has applied since its snapshot, and where it stands. */
  applied: Entry[] = [];
  appliedIndex = 0;
  /** Reads that may be served. */
  reads: ReadState[] = [];
  /** The write under way, when `slowDisk` is set. */
  writing: Write | null = null;
  slowDisk = false;
  alive = true;
  /** Sees every turn's output. */
  onReady: (ready: Ready) => void = () => {};

  constructor(id: MemberId, founded: Configuration, options: TestOptions = {}) {
    this.id = id;
    this.#options = options;
    this.#prng = new SeededPrng((options.seed ?? 1) * 1000 + Number(id));
    this.disk = new TestDisk(founded);
    this.node = this.#start();
  }

  #start(): RaftNode {
    const recovered = this.disk.recover();
    this.applied = [];
    this.appliedIndex = recovered.snapshot?.index ?? 0;
    return new RaftNode({
      electionTicks: 10,
      heartbeatTicks: 1,
      ...this.#options,
      id: this.id,
      prng: this.#prng,
      recovered,
    });
  }

  /** Loses everything that is not on the disk. */
  crash(): void {
    this.alive = false;
    this.writing = null;
    this.reads = [];
  }

  restart(): void {
    this.crash();
    this.node = this.#start();
    this.alive = true;
  }

  /** Does what the node wants done until it wants nothing. @returns The messages to send. */
  run(): Message[] {
    const sent: Message[] = [];
    while (this.alive && this.node.hasReady()) {
      const ready = this.node.ready();
      this.onReady(ready);
      sent.push(...ready.messages);
      this.reads.push(...ready.reads);
      this.#apply(ready.committed);
      if (ready.write !== null) {
        this.writing = ready.write;
        if (!this.slowDisk) sent.push(...this.finishWrite());
      }
    }
    return sent;
  }

  /** The write under way becomes durable. @returns The messages that waited for it. */
  finishWrite(): readonly Message[] {
    const write = this.writing;
    assertExists(write, `Replica ${this.id} has no write under way`);
    this.writing = null;
    this.disk.save(write);
    if (write.snapshot !== null) {
      this.applied = [];
      this.appliedIndex = write.snapshot.index;
    }
    this.node.written(write);
    return write.messages;
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assertEquals(entry.index, this.appliedIndex + 1, `Replica ${this.id} skips an entry`);
      if (entry.kind === EntryKind.Configuration) {
        this.node.applyConfiguration(decodeConfigurationChange(entry.data));
      }
      this.applied.push(entry);
      this.appliedIndex = entry.index;
      this.node.applied(entry.index);
    }
  }

  /** Takes a snapshot of what is applied and forgets the log before it. */
  compact(kept = 0): SnapshotMeta {
    const { applied: index, configuration } = this.node.status();
    const term = this.applied.find((entry) => entry.index === index)?.term ??
      this.disk.snapshot?.term ?? 0;
    const snapshot: SnapshotMeta = { index, term, configuration };
    this.disk.compact(snapshot, kept);
    this.node.compact(index - kept);
    return snapshot;
  }
}
