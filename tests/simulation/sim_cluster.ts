import { assert } from "@std/assert";
import type { MemberId } from "../../src/base/ids.ts";
import type { InitialMember } from "../../src/replica/identity.ts";
import type { Timing } from "../../src/replica/options.ts";
import { Replica } from "../../src/replica/replica.ts";
import type { ReplicaEvent } from "../../src/replica/status.ts";
import { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import { SimClock } from "./sim_clock.ts";
import { SimNetwork } from "./sim_network.ts";
import type { World } from "./world.ts";

/** A place where a replica runs: its disk stays, its process comes and goes. */
export class SimNode {
  readonly id: MemberId;
  readonly disk: MemoryDisk;
  readonly events: ReplicaEvent[] = [];
  clock: SimClock;
  /** The running replica, or null while the process is down or starting. */
  replica: Replica | null = null;
  readonly #world: World;
  readonly #cluster: SimCluster;

  constructor(world: World, cluster: SimCluster, id: MemberId) {
    this.id = id;
    this.#world = world;
    this.#cluster = cluster;
    this.disk = new MemoryDisk(`disk of ${id}`);
    this.clock = new SimClock(world);
  }

  /** Starts the process. */
  start(): void {
    assert(this.replica === null, `Replica ${this.id} runs already`);
    const clock = new SimClock(this.#world);
    this.clock = clock;
    const prng = this.#world.prng.fork(`replica ${this.id}`);
    const instanceId = new Uint8Array(16);
    for (let i = 0; i < 16; i++) instanceId[i] = prng.between(0, 256);
    Replica.open({
      storage: memoryLogStore(this.disk),
      connect: () => this.#cluster.network.connect(this.id, clock),
      clock,
      prng,
      bootstrap: {
        clusterId: 99n,
        memberId: this.id,
        instanceId,
        initialMembers: this.#cluster.initialMembers,
      },
      attributes: { name: `n${this.id}`, clientUrls: [] },
      timing: this.#cluster.timing,
      onEvent: (event) => this.events.push(event),
    }).then(
      (replica) => {
        if (this.clock === clock) this.replica = replica;
      },
      (error) => {
        if (this.clock === clock) throw error;
      },
    );
  }

  /** The process dies and the power with it: what was not synced is lost, or any part of it. */
  crash(): void {
    this.clock.kill();
    this.clock = new SimClock(this.#world);
    this.replica = null;
    this.disk.crash(this.#world.prng);
  }
}

/** A whole cluster of real replicas in one process, on simulated time, network and disks. */
export class SimCluster {
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly initialMembers: readonly InitialMember[];
  readonly timing: Partial<Timing>;

  constructor(world: World, size: number, timing: Partial<Timing> = {}) {
    this.timing = timing;
    this.network = new SimNetwork(world);
    const ids = Array.from({ length: size }, (_, i) => BigInt(i + 1));
    this.initialMembers = ids.map((id) => ({
      id,
      name: `n${id}`,
      peerUrls: [`sim://${id}`],
      isLearner: false,
    }));
    this.nodes = ids.map((id) => new SimNode(world, this, id));
    for (const node of this.nodes) node.start();
  }

  /** The node that leads in the highest term, if one does. */
  leader(): SimNode | undefined {
    let best: SimNode | undefined;
    for (const node of this.nodes) {
      const status = node.replica?.status();
      if (status?.role !== "leader") continue;
      if (best === undefined || status.term > (best.replica?.status().term ?? 0)) best = node;
    }
    return best;
  }
}
