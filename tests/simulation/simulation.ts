import { isJoint, membersOf } from "../../src/raft/configuration.ts";
import { History } from "./clients/history.ts";
import { KvClient } from "./clients/kv_client.ts";
import { LeaseHolder } from "./clients/lease_holder.ts";
import { WatchClient } from "./clients/watch_client.ts";
import { Faults } from "./faults.ts";
import { linearizability } from "./linearizability/search.ts";
import { SimCluster } from "./sim_cluster.ts";
import type { SimOptions } from "./sim_options.ts";
import { Verdict, type Violation } from "./verdict.ts";
import { World } from "./world.ts";

/** What one run came to. */
export interface SimResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** How much virtual time went by. */
  readonly simulatedMs: number;
  readonly eventCount: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
}

/** How often the end looks whether all is well. */
const POLL_MS = 250;

/** Runs one simulation from its options, which hold its seed: equal options, equal runs. */
export async function simulate(options: SimOptions, isTraced = false): Promise<SimResult> {
  const run = new Simulation(options, isTraced);
  return await run.run();
}

class Simulation {
  readonly #options: SimOptions;
  readonly #world: World;
  readonly #verdict: Verdict;
  readonly #cluster: SimCluster;
  readonly #history: History;
  readonly #clients: readonly KvClient[];
  readonly #holders: readonly LeaseHolder[];
  readonly #watchers: readonly WatchClient[];
  readonly #faults: Faults;
  #isServed = false;

  constructor(options: SimOptions, isTraced: boolean) {
    this.#options = options;
    this.#world = new World(options.seed);
    this.#verdict = new Verdict(this.#world, isTraced);
    this.#cluster = new SimCluster(this.#world, options, this.#verdict);
    this.#history = new History(this.#cluster);
    this.#faults = new Faults(this.#cluster);
    const cluster = this.#cluster;
    const make = <T>(count: number, one: (number: number) => T) =>
      Array.from({ length: count }, (_, i) => one(i + 1));
    this.#clients = make(options.clientCount, (i) => new KvClient(cluster, this.#history, i));
    this.#holders = make(options.leaseHolderCount, (i) => new LeaseHolder(cluster, i));
    this.#watchers = make(options.watcherCount, (i) => new WatchClient(cluster, i));
  }

  async run(): Promise<SimResult> {
    const { stormMs } = this.#options;
    await this.#world.runUntil(stormMs, () => this.#verdict.violation !== null);
    if (this.#verdict.violation === null) await this.#calm();
    if (this.#verdict.violation === null) this.#checkHistories();
    const { counts } = this.#verdict;
    counts.set("operations", this.#history.operationCount);
    counts.set("watch events", this.#watchers.reduce((sum, { eventCount }) => sum + eventCount, 0));
    counts.set("entries", this.#cluster.chosen.lastIndex);
    counts.set("joint configurations", this.#cluster.oracle.jointCount);
    return {
      seed: this.#options.seed,
      violation: this.#verdict.violation,
      simulatedMs: this.#world.nowMs,
      eventCount: this.#world.eventCount,
      counts,
      trace: this.#verdict.trace(),
    };
  }

  /** Faults are over: clients must be served again, and all replicas become equal, in bounded time. */
  async #calm(): Promise<void> {
    this.#verdict.note("fault", () => "nothing goes wrong any more");
    this.#faults.end();
    this.#cluster.isCalm = true;
    const deadlineMs = this.#world.nowMs + this.#options.calmMs;
    const served = this.#clients.map(({ okCount }) => okCount);
    await this.#until(deadlineMs, () => this.#clients.every((c, i) => c.okCount > served[i] + 2));
    if (this.#clients.some(({ okCount }, i) => okCount <= served[i] + 2)) {
      return this.#verdict.report("liveness", `clients are not served: ${this.#describe()}`);
    }
    for (const client of [...this.#clients, ...this.#holders]) client.stop();
    this.#isServed = true;
    await this.#until(deadlineMs, () => this.#whyNotEqual() === null);
    const reason = this.#whyNotEqual();
    if (reason !== null) this.#verdict.report("liveness", `${reason}: ${this.#describe()}`);
  }

  async #until(deadlineMs: number, isDone: () => boolean): Promise<void> {
    while (this.#world.nowMs < deadlineMs && this.#verdict.violation === null && !isDone()) {
      for (const node of this.#cluster.nodes) {
        const { oracle } = this.#cluster;
        const wasStarted = node.generation > 0 && !this.#isServed;
        if (oracle.isMember(node.id) || wasStarted) node.start();
        // Once all is well an operator puts away what is no member any more.
        else if (this.#isServed) node.crash("process");
      }
      await this.#world.runUntil(
        this.#world.nowMs + POLL_MS,
        () => this.#verdict.violation !== null,
      );
    }
  }

  /** What keeps the cluster from being at rest, or null. */
  #whyNotEqual(): string | null {
    const { oracle } = this.#cluster;
    const leader = this.#cluster.leader();
    if (leader === undefined || leader.replica === null) return "there is no leader";
    const { configuration, commitIndex, lastIndex } = leader.replica.status();
    if (commitIndex < lastIndex) return "the leader's log is not committed";
    if (isJoint(configuration)) return "the configuration is joint";
    const hashes = new Set<number>();
    for (const id of membersOf(configuration)) {
      const replica = this.#cluster.node(id)?.replica ?? null;
      if (replica === null) return `member ${id} does not run`;
      if (replica.status().appliedIndex !== commitIndex) return `member ${id} has not caught up`;
      hashes.add(replica.machine.hash());
      if (replica.machine.store.revision !== oracle.model.revision) return "revisions differ";
    }
    if (hashes.size > 1) {
      this.#verdict.report("equal state", `at rest at ${commitIndex}: ${[...hashes]}`);
    }
    const late = this.#watchers.find((watcher) => !watcher.isComplete);
    if (late !== undefined) return late.describe();
    const here = this.#cluster.node(leader.id)?.replica?.machine;
    for (const id of oracle.model.leases) {
      if (here?.leases.has(id) !== true) this.#verdict.report("leases", `${id} is forgotten`);
    }
    if (oracle.model.leases.size > 0) return "a lease that nobody holds lives on";
    return null;
  }

  #checkHistories(): void {
    for (const key of this.#history.registers.keys()) {
      const answer = linearizability(this.#history.resolved(key));
      this.#verdict.count(`histories ${answer}`);
      if (answer === "not linearizable") {
        this.#verdict.report("linearizability", `no order explains what clients saw of ${key}`);
      }
    }
  }

  #describe(): string {
    return this.#cluster.nodes.map((node) => {
      const status = node.replica?.status();
      if (status === undefined) return `${node.name} ${node.state}`;
      const { role, term, leader, commitIndex, appliedIndex, lastIndex, configuration } = status;
      const { voters, learners } = configuration;
      return `${node.name} ${role} of ${leader} in term ${term}, ` +
        `${appliedIndex}/${commitIndex}/${lastIndex} of voters ${voters} learners ${learners}`;
    }).join("; ");
  }
}
