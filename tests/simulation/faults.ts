import type { Prng } from "../../src/base/prng.ts";
import { anyOf, type Fault, NOTHING, separate, type Undo } from "./fault.ts";
import { changeMembership, reconfigure } from "./membership_faults.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { SimNode } from "./sim_node.ts";
import { FAULT_KINDS, type FaultKind, type FaultPlan } from "./sim_options.ts";
import { loseStorage } from "./storage_faults.ts";
import {
  crashLoop,
  kill,
  killReader,
  leaderHunt,
  leaderReturns,
  removeThenCrash,
} from "./timed_faults.ts";

function crash(node: SimNode | undefined, prng: Prng): Undo | null {
  if (node === undefined) return null;
  node.crash(prng.chance(0.7) ? "power" : "process");
  return () => node.start();
}

/** Makes a disk bad in some way; the process that may die of it comes back at the end. */
function spoil(node: SimNode | undefined, how: (node: SimNode) => void): Undo | null {
  if (node === undefined) return null;
  how(node);
  return () => {
    node.disk.heal();
    node.start();
  };
}

const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  loss: ({ network }, prng) => network.worsen({ lossRate: prng.next() * 0.7, delayMs: 0 }),
  delay: ({ network }, prng) => network.worsen({ lossRate: 0, delayMs: prng.next() * 1_000 }),
  partition: (cluster, prng) =>
    separate(cluster, cluster.nodes.filter(() => prng.chance(0.4)), true),
  oneWay: (cluster, prng) => separate(cluster, cluster.nodes.filter(() => prng.chance(0.3)), false),
  isolateLeader: (cluster, prng) => {
    const leader = cluster.leader();
    return leader === undefined ? null : separate(cluster, [leader], prng.chance(0.7));
  },
  partialPartition: (cluster, prng) => {
    const [a, b] = [anyOf(prng, cluster.nodes), anyOf(prng, cluster.nodes)];
    if (a === undefined || b === undefined || a === b) return null;
    return cluster.network.cut([[a.id, b.id], [b.id, a.id]]);
  },
  leaderReturns,
  leaderHunt,
  crash: (cluster, prng) => crash(anyOf(prng, cluster.upNodes()), prng),
  crashLeader: (cluster, prng) => crash(cluster.leader(), prng),
  crashAtStep: (cluster, prng) =>
    spoil(anyOf(prng, cluster.upNodes()), (node) => {
      node.disk.stepsToCrash = prng.between(0, 30);
    }),
  crashLoop,
  kill,
  killReader,
  powerLoss: (cluster) => {
    const nodes = cluster.upNodes();
    for (const node of nodes) node.crash("power");
    return () => nodes.forEach((node) => node.start());
  },
  diskError: (cluster, prng) =>
    spoil(anyOf(prng, cluster.upNodes()), (node) => node.disk.errorRate = prng.next() * 0.2),
  slowDisk: (cluster, prng) =>
    spoil(anyOf(prng, cluster.upNodes()), (node) => node.disk.slownessMs = prng.next() * 1_500),
  fullDisk: (cluster, prng) => spoil(anyOf(prng, cluster.upNodes()), (node) => node.disk.fill()),
  pause: (cluster, prng, durationMs) => {
    const node = prng.chance(0.5) ? cluster.leader() : anyOf(prng, cluster.upNodes());
    if (node === undefined) return null;
    const { clock } = node;
    clock.pause(durationMs * 2);
    return () => clock.resume();
  },
  clockJump: (cluster, prng) => {
    const node = anyOf(prng, cluster.upNodes());
    if (node === undefined) return null;
    const aheadMs = prng.chance(0.5) ? prng.next() * 5_000 : 0;
    node.clock.jump(aheadMs, (prng.next() - 0.5) * 86_400_000);
    cluster.leases.leapt(aheadMs);
    return NOTHING;
  },
  transfer: (cluster, prng) => {
    const leader = cluster.leader();
    const to = anyOf(prng, cluster.nodes);
    if (leader === undefined || leader.replica === null || to === undefined) return null;
    const { clock, replica } = leader;
    clock.run(() =>
      void replica.transferLeadership(to.id).catch(() => "the nemesis does not mind")
    );
    return NOTHING;
  },
  close: (cluster, prng) => {
    const node = prng.chance(0.5) ? cluster.leader() : anyOf(prng, cluster.upNodes());
    if (node === undefined) return null;
    node.close();
    return () => {
      if (node.state === "closing") node.crash("process");
      node.start();
    };
  },
  addLearner: (cluster, prng) => changeMembership(cluster, prng, "addLearner"),
  addVoter: (cluster, prng) => changeMembership(cluster, prng, "addVoter"),
  promote: (cluster, prng) => changeMembership(cluster, prng, "promote"),
  remove: (cluster, prng) => changeMembership(cluster, prng, "remove"),
  replace: (cluster, prng) => changeMembership(cluster, prng, "replace"),
  reconfigure,
  removeThenCrash,
  wipe: (cluster, prng) => loseStorage(cluster, prng, "wiped"),
  bitRot: (cluster, prng) => loseStorage(cluster, prng, "rotten"),
};

/** Does to a cluster what the options say, each kind of fault by a dice of its own. */
export class Faults {
  readonly #cluster: SimCluster;
  readonly #undo = new Set<Undo>();
  #isOver = false;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    for (const kind of FAULT_KINDS) {
      // Why for all kinds: the dice of one must not depend on which others there are.
      const prng = cluster.world.prng.fork(kind);
      const plan = cluster.options.faults[kind];
      if (plan !== undefined) this.#next(kind, plan, prng);
    }
  }

  #next(kind: FaultKind, plan: FaultPlan, prng: Prng): void {
    const { world, verdict } = this.#cluster;
    world.after(exponential(prng, plan.gapMs), () => {
      if (this.#isOver) return;
      // To hunt leaders takes a few elections.
      const factor = kind === "leaderHunt" || kind === "leaderReturns" ? 4 : 1;
      const durationMs = factor * exponential(prng, plan.durationMs);
      const undo = FAULTS[kind](this.#cluster, prng, durationMs);
      if (undo === null) return this.#next(kind, plan, prng);
      verdict.count(`fault ${kind}`);
      verdict.note("fault", () => `${kind} for ${durationMs.toFixed(0)} ms`);
      this.#undo.add(undo);
      world.after(durationMs, () => {
        if (!this.#undo.delete(undo)) return;
        verdict.note("fault", () => `${kind} is over`);
        undo();
        this.#next(kind, plan, prng);
      });
    });
  }

  /** Ends everything, brings every node back, and makes nothing worse from now on. */
  end(): void {
    this.#isOver = true;
    for (const undo of this.#undo) undo();
    this.#undo.clear();
    for (const node of this.#cluster.nodes) {
      node.disk.heal();
      node.clock.resume();
    }
  }
}

function exponential(prng: Prng, meanMs: number): number {
  return Math.min(-Math.log(1 - prng.next()), 4) * meanMs;
}
