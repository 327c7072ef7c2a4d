import type { MemberId } from "../base/ids.ts";
import { compactCommand } from "../machine/admin_command.ts";
import type { Command } from "../machine/command.ts";
import type { Machine } from "../machine/machine.ts";
import { AutoCompaction, type CompactionPolicy } from "./auto_compaction.ts";
import { HashCheck } from "./hash_check.ts";
import type { LeaderCalls } from "./leader_calls.ts";
import { MachineWatch } from "./machine_watch.ts";
import { Quota } from "./quota.ts";
import type { ReplicaEvent } from "./status.ts";

/** What a replica does for the store by itself. */
export interface UpkeepOptions {
  /** How much the store may hold: zero for the default of 2 GiB, negative for no limit. */
  readonly quotaBytes: number;
  /** Which history is given up without being asked, or null for none. */
  readonly compaction: CompactionPolicy | null;
  /** How often the leader compares what replicas hold; zero for never. */
  readonly hashCheckIntervalMs: number;
}

/** What nobody asked for: the default quota and nothing else. */
export const DEFAULT_UPKEEP: UpkeepOptions = {
  quotaBytes: 0,
  compaction: null,
  hashCheckIntervalMs: 0,
};

/** What upkeep needs of the replica that it is part of. */
interface UpkeepContext {
  readonly id: MemberId;
  readonly machine: Machine;
  nowMs(): number;
  /** Whether this replica leads and has applied an entry of its own term. */
  leads(): boolean;
  readonly calls: LeaderCalls;
  proposeAsLeader(commands: readonly Command[]): void;
  wait(delayMs: number): Promise<void>;
  onEvent(event: ReplicaEvent): void;
}

/** The care for the store that no request asks for: compaction, quota, comparison of hashes. */
export class Upkeep {
  /** How much may be written. */
  readonly quota: Quota;
  /** Compares replicas. */
  readonly hashes: HashCheck;
  readonly #context: UpkeepContext;
  readonly #compaction: AutoCompaction | null;
  readonly #watch: MachineWatch;

  constructor(context: UpkeepContext, options: UpkeepOptions) {
    const { machine, onEvent } = context;
    this.#context = context;
    this.quota = new Quota(options.quotaBytes);
    this.quota.measure(machine.store.bytesTotal);
    this.hashes = new HashCheck({ ...context, intervalMs: options.hashCheckIntervalMs });
    const { compaction } = options;
    this.#compaction = compaction === null
      ? null
      : new AutoCompaction(compaction, context.nowMs(), machine.store.revision);
    this.#watch = new MachineWatch(machine, onEvent);
  }

  /** Does what is due. */
  tick(): void {
    const { machine, nowMs, leads, proposeAsLeader } = this.#context;
    const revision = this.#compaction?.due(nowMs(), leads(), machine.store) ?? null;
    if (revision !== null) proposeAsLeader([compactCommand(revision)]);
    this.hashes.tick();
  }

  /** Entries have changed the machine, or a snapshot has replaced it. */
  changed(): void {
    this.quota.measure(this.#context.machine.store.bytesTotal);
    this.#watch.look();
  }
}
