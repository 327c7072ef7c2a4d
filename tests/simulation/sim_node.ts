import { formatId, type MemberId } from "../../src/base/ids.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { MembershipChange } from "../../src/machine/membership_change.ts";
import type { InitialMember } from "../../src/replica/identity.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { Replica } from "../../src/replica/replica.ts";
import type { ReplicaEvent } from "../../src/replica/status.ts";
import {
  StorageDamagedError,
  StorageError,
  StorageVersionError,
} from "../../src/storage/errors.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import { AppliedWatch } from "./checks/chosen.ts";
import { DurableLog } from "./checks/durable_log.ts";
import { ObservedLogStore } from "./observed_log_store.ts";
import { SimClock } from "./sim_clock.ts";
import type { SimCluster } from "./sim_cluster.ts";
import { SimDisk } from "./sim_disk.ts";

/** Where the process of a node stands. */
export type NodeState = "down" | "starting" | "up" | "closing" | "removed" | "lost";

/** How a process ends: with the power lost, with only the process gone. */
export type CrashKind = "power" | "process";

/** A place where a replica runs: its disk stays, its process comes and goes. */
export class SimNode {
  readonly id: MemberId;
  readonly name: string;
  readonly disk: SimDisk;
  readonly log: DurableLog;
  state: NodeState = "down";
  clock: SimClock;
  /** The running replica; null while the process is down or starting. */
  replica: Replica | null = null;
  /** Grows with every start. */
  generation = 0;
  /** Called once when the process ends. */
  readonly onEnd: Set<() => void> = new Set();
  /** Whether the replica has learned that it is no member any more. */
  hasHeardOfRemoval = false;
  /** The replica asks the leader what its reads must wait for. */
  onReadAsked: () => void = () => {};
  /** The storage is damaged, so this node is of no use any more. */
  onLost: () => void = () => {};
  readonly #cluster: SimCluster;
  readonly #prng: Prng;
  readonly #rate: number;
  readonly #initialMembers: readonly InitialMember[];
  #applied: AppliedWatch | null = null;
  /** What the table of members was told since the last entry. */
  readonly #changes: MembershipChange[] = [];
  #term = 0;

  constructor(cluster: SimCluster, id: MemberId, initialMembers: readonly InitialMember[]) {
    const { world, options } = cluster;
    this.id = id;
    this.name = `n${formatId(id)}`;
    this.#cluster = cluster;
    this.#initialMembers = initialMembers;
    this.#prng = world.prng.fork(`node ${id}`);
    this.#rate = 1 + options.clockDrift * (2 * this.#prng.next() - 1);
    this.disk = new SimDisk(world, `disk of ${this.name}`, options);
    this.disk.onCrashStep = () => this.crash("power");
    this.log = new DurableLog(this.name, cluster.tree, cluster.verdict);
    this.clock = new SimClock(world, this.#rate);
  }

  /** Whether requests can be sent here. */
  get isUp(): boolean {
    return this.state === "up";
  }

  /** Starts the process, unless it runs or must not run any more. */
  start(): void {
    if (this.state !== "down") return;
    const { world, network, options, verdict, elections, commitment, leaseClocks } = this.#cluster;
    const clock = new SimClock(world, this.#rate);
    this.clock = clock;
    this.state = "starting";
    this.generation++;
    verdict.count("starts");
    const store = memoryLogStore(this.disk.memory, { segmentBytes: options.diskSegmentBytes });
    const instanceId = new Uint8Array(16).fill(Number(this.id));
    Replica.open({
      storage: new ObservedLogStore(store, this.log),
      connect: () =>
        network.connect(this.id, clock, {
          sending: (message) => {
            elections.sent(message, this.log);
            commitment.sent(message);
            if (message.type === "leaseClock") leaseClocks.told(message);
            if (message.type === "readIndex") this.onReadAsked();
          },
          meeting: () => {
            if (this.clock === clock) this.#meeting();
          },
        }),
      clock,
      prng: this.#prng.fork(`generation ${this.generation}`),
      bootstrap: {
        clusterId: 99n,
        memberId: this.id,
        instanceId,
        initialMembers: this.#initialMembers,
      },
      attributes: { name: this.name, clientUrls: [] },
      timing: options.timing,
      readMode: options.readMode,
      onEvent: (event) => {
        if (this.clock === clock) this.#onEvent(event);
      },
    }).then(
      (replica) => {
        if (this.clock === clock) this.#started(replica);
      },
      (error) => {
        if (this.clock === clock) this.#failed(error);
      },
    );
  }

  #started(replica: Replica): void {
    const { chosen, oracle, tree, verdict } = this.#cluster;
    this.replica = replica;
    this.state = "up";
    verdict.note(this.name, () => `started, with the log through ${this.log.lastIndex}`);
    const parts = { log: this.log, chosen, oracle, tree, verdict };
    const applied = new AppliedWatch(this.name, parts, () => this.#term);
    this.#applied = applied;
    const { machine } = replica;
    const apply = machine.apply.bind(machine);
    machine.apply = (data) => {
      const batch = apply(data);
      applied.applied(data, batch, machine.store.revision, () => machine.hash());
      return batch;
    };
    const change = machine.applyMembershipChange.bind(machine);
    machine.applyMembershipChange = (membershipChange) => {
      this.#changes.push(membershipChange);
      return change(membershipChange);
    };
    this.#term = replica.status().term;
    this.clock.release();
  }

  /** The members may have changed, all that one entry changes of them at once. */
  #meeting(): void {
    const changes = this.#changes.splice(0);
    if (changes.length === 0) return;
    this.#applied?.changed(changes.filter(({ kind }) => kind === "remove").map(({ id }) => id));
  }

  #onEvent(event: ReplicaEvent): void {
    const { verdict, elections, commitment, chosen } = this.#cluster;
    switch (event.type) {
      case "leader":
        this.#term = event.term;
        if (event.role === "leader") {
          verdict.note(this.name, () => `leads term ${event.term}`);
          elections.elected(this.id, event.term, this.log, chosen);
          commitment.elected(this.id);
        }
        return;
      case "snapshotSaved":
        return verdict.count("snapshots saved");
      case "snapshotInstalled":
        verdict.count("snapshots installed");
        verdict.note(this.name, () => `installed the snapshot at ${event.index}`);
        return this.#applied?.installed(event.index);
      case "removed":
        this.hasHeardOfRemoval = true;
        return verdict.note(this.name, () => "learned that it was removed");
      case "failed":
        return this.#failed(event.error);
    }
  }

  #failed(error: unknown): void {
    const { verdict, oracle } = this.#cluster;
    const isRemoved = error instanceof ReplicaError && error.reason === "removed";
    verdict.note(this.name, () => `stopped: ${error}`);
    if (isRemoved && !oracle.wasRemoved(this.id)) {
      verdict.report("membership", `${this.name} believes that it was removed`);
    }
    // A flipped bit may also make a format of another version out of this one's.
    const isDamaged = error instanceof StorageDamagedError || error instanceof StorageVersionError;
    const isExpected = isRemoved ||
      (isDamaged ? this.disk.isRotten : error instanceof StorageError);
    if (!isExpected) verdict.report("invariants", `${this.name} stopped: ${stackOf(error)}`);
    this.#end(isRemoved ? "removed" : isDamaged ? "lost" : "down");
    if (isDamaged) {
      verdict.count("damaged storages refused");
      this.onLost();
    }
    // Whoever had the files open lets go of them; nothing was lost but what was never durable.
    this.disk.memory.kill();
  }

  /** The process dies, and with lost power what was not synced is gone, or any part of it. */
  crash(kind: CrashKind): void {
    if (this.state === "down" || this.state === "removed" || this.state === "lost") return;
    this.#cluster.verdict.note(this.name, () => `dies: ${kind}`);
    this.#end("down");
    if (kind === "power") this.disk.memory.crash(this.#prng);
    else this.disk.memory.kill();
  }

  /** The process dies, and its storage is gone for good. */
  wipe(): void {
    this.#cluster.verdict.note(this.name, () => "loses its storage");
    this.#end("lost");
    this.disk.memory.crash(this.#prng);
  }

  /** Stops the replica in good order; whoever waits too long pulls the plug. */
  close(): void {
    const { replica, clock } = this;
    if (replica === null || this.state !== "up") return;
    this.state = "closing";
    this.#cluster.verdict.note(this.name, () => "closes");
    replica.close().then(() => {
      if (this.clock !== clock) return;
      this.#cluster.verdict.note(this.name, () => "closed");
      this.#end("down");
    }, (error) => {
      if (this.clock === clock) this.#failed(error);
    });
  }

  #end(state: NodeState): void {
    this.clock.kill();
    this.clock = new SimClock(this.#cluster.world, this.#rate);
    this.replica = null;
    this.#applied = null;
    this.#changes.length = 0;
    this.state = state;
    for (const fn of [...this.onEnd]) fn();
    this.onEnd.clear();
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
