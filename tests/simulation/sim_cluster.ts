import type { MemberId } from "../../src/base/ids.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { InitialMember } from "../../src/replica/identity.ts";
import { Chosen } from "./checks/chosen.ts";
import { Commitment } from "./checks/commitment.ts";
import { Elections } from "./checks/elections.ts";
import { LeaseClocks } from "./checks/lease_clocks.ts";
import { Leases } from "./checks/leases.ts";
import { LogTree } from "./checks/log_tree.ts";
import { Oracle } from "./checks/oracle.ts";
import { SimNetwork } from "./sim_network.ts";
import { SimNode } from "./sim_node.ts";
import type { SimOptions } from "./sim_options.ts";
import type { Verdict } from "./verdict.ts";
import type { World } from "./world.ts";

/** A whole cluster of real replicas in one process, on simulated time, network and disks. */
export class SimCluster {
  readonly world: World;
  readonly options: SimOptions;
  readonly verdict: Verdict;
  readonly network: SimNetwork;
  readonly tree: LogTree;
  readonly leases: Leases;
  readonly leaseClocks: LeaseClocks;
  readonly oracle: Oracle;
  readonly chosen: Chosen;
  readonly elections: Elections;
  readonly commitment: Commitment;
  /** Every node that there ever was. */
  readonly nodes: SimNode[] = [];
  /** Whether nothing goes wrong any more. */
  isCalm = false;
  #nextId: bigint;

  constructor(world: World, options: SimOptions, verdict: Verdict) {
    this.world = world;
    this.options = options;
    this.verdict = verdict;
    this.network = new SimNetwork(world, options.network, verdict);
    const founders: InitialMember[] = Array.from({ length: options.replicaCount }, (_, i) => ({
      id: BigInt(i + 1),
      name: "",
      peerUrls: [`sim://${i + 1}`],
      isLearner: false,
    }));
    this.tree = new LogTree(verdict);
    this.leaseClocks = new LeaseClocks(world, options, verdict);
    this.leases = new Leases(world, options.clockDrift, verdict);
    this.oracle = new Oracle(founders.map(({ id }) => id), this.leases, verdict, () => world.nowMs);
    this.chosen = new Chosen(this.tree, this.oracle, verdict);
    this.elections = new Elections(verdict);
    this.commitment = new Commitment({
      statusOf: (id) => this.node(id)?.replica?.status() ?? null,
      logOf: (id) => this.node(id)?.log,
      appliedIndex: () => this.chosen.lastIndex,
    }, verdict);
    this.#nextId = BigInt(founders.length + 1);
    for (const { id } of founders) this.nodes.push(new SimNode(this, id, founders));
    for (const node of this.nodes) node.start();
  }

  /** A new node that has never run, to join the cluster. */
  addNode(): SimNode {
    const node = new SimNode(this, this.#nextId++, []);
    this.nodes.push(node);
    return node;
  }

  /** The node of that member. */
  node(id: MemberId): SimNode | undefined {
    return this.nodes.find((node) => node.id === id);
  }

  /** The node that leads in the highest term, if one does. */
  leader(): SimNode | undefined {
    let best: SimNode | undefined;
    let bestTerm = -1;
    for (const node of this.nodes) {
      const status = node.replica?.status();
      if (status?.role !== "leader" || status.term <= bestTerm) continue;
      best = node;
      bestTerm = status.term;
    }
    return best;
  }

  /** A node to send a request to, as a client picks one: any that runs, or once all is well a member. */
  endpoint(prng: Prng): SimNode {
    let nodes = this.upNodes();
    if (this.isCalm) nodes = nodes.filter(({ id }) => this.oracle.isMember(id));
    if (nodes.length === 0) nodes = this.nodes;
    return nodes[prng.between(0, nodes.length)];
  }

  /** The nodes whose process runs. */
  upNodes(): SimNode[] {
    return this.nodes.filter((node) => node.isUp);
  }
}
