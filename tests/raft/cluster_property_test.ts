/**
 * Random histories of a small cluster: messages are lost, doubled and reordered, disks are slow,
 * replicas crash before and after a write, logs are compacted, leadership is handed over, members
 * come and go. The harness checks the properties of Raft's figure 3 at every step, the tests check
 * linearizable reads, and that the cluster comes back to life once the faults end.
 */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import { EMPTY_BYTES } from "../../src/base/bytes.ts";
import { membersOf } from "../../src/raft/configuration.ts";
import type { MemberChange, Transition } from "../../src/raft/configuration_change.ts";
import { command, TestCluster } from "./harness/cluster.ts";
import type { TestOptions, TestReplica } from "./harness/replica.ts";

/** One step of a history: what happens, to whom, and a number to choose details with. */
interface Step {
  readonly kind: string;
  readonly id: number;
  readonly pick: number;
}

class History {
  readonly cluster: TestCluster;
  /** The highest applied index anywhere when a read was asked for, by context. */
  readonly #reads = new Map<number, number>();
  #contexts = 0;
  #commands = 0;

  constructor(voters: number, spares: number, options: TestOptions) {
    this.cluster = new TestCluster(voters, options);
    const founded = this.cluster.replica(1).node.configuration;
    for (let i = 1; i <= spares; i++) this.cluster.add(BigInt(voters + i), founded);
    for (const replica of this.cluster.replicas.values()) replica.slowDisk = true;
  }

  do({ kind, id, pick }: Step): void {
    const { cluster } = this;
    const replica = cluster.replica(1 + id % cluster.replicas.size);
    if (kind === "restart" && !replica.alive) replica.restart();
    if (!replica.alive) return;
    const { messages } = cluster;
    const position = messages.length === 0 ? 0 : pick % messages.length;
    switch (kind) {
      case "tick":
        for (let i = 0; i < 1 + pick % 4; i++) replica.node.tick();
        break;
      case "deliver":
        for (let i = 0; i < 1 + pick % 16 && messages.length > 0; i++) cluster.deliver();
        break;
      case "calm":
        this.#calm(pick % 8);
        break;
      case "reorder":
        if (messages.length > 0) cluster.deliver(position);
        break;
      case "lose":
        cluster.messages.splice(position, 1 + pick % 3);
        break;
      case "double":
        if (messages.length > 0 && messages.length < 500) messages.push(messages[position]);
        break;
      case "write":
        if (replica.writing !== null) messages.push(...replica.finishWrite());
        break;
      case "crash":
        // Half of the time the write reaches the disk and nobody hears of it.
        if (replica.writing !== null && pick % 2 === 0) replica.disk.save(replica.writing);
        replica.crash();
        break;
      case "propose":
        cluster.leader?.node.propose([
          command(`c${this.#commands++}`),
          command(`c${this.#commands++}`),
        ]);
        break;
      case "campaign":
        replica.node.campaign();
        break;
      case "read":
        this.#reads.set(++this.#contexts, cluster.chosenIndex);
        replica.node.readIndex(this.#contexts);
        break;
      case "compact":
        if (replica.appliedIndex > 0 && replica.node.status().applied === replica.appliedIndex) {
          if (!replica.writing?.snapshot) replica.compact(pick % 3);
        }
        break;
      case "transfer":
        cluster.leader?.node.transferLeadership(BigInt(1 + pick % cluster.replicas.size));
        break;
      case "change":
        if (cluster.leader !== undefined) this.#change(cluster.leader, pick);
        break;
      default:
    }
    cluster.run();
    this.#checkReads();
  }

  /** Disks and network keep up for a while. */
  #calm(rounds: number): void {
    const { cluster } = this;
    for (let i = 0; i < rounds; i++) {
      for (const replica of cluster.replicas.values()) {
        if (replica.writing !== null) cluster.messages.push(...replica.finishWrite());
      }
      cluster.run();
      for (let count = cluster.messages.length; count > 0; count--) cluster.deliver();
    }
  }

  #change(replica: TestReplica, pick: number): void {
    const size = this.cluster.replicas.size;
    const kinds = ["addVoter", "remove", "addLearner"] as const;
    const changes: MemberChange[] = [
      { kind: kinds[pick % 3], id: BigInt(1 + (pick >>> 2) % size) },
      { kind: kinds[(pick >>> 5) % 3], id: BigInt(1 + (pick >>> 7) % size) },
    ];
    const transition: Transition = pick % 5 === 0 ? "joint" : "auto";
    const count = pick % 7 < 4 ? 1 : 2;
    const change = { changes: changes.slice(0, count), transition, context: EMPTY_BYTES };
    replica.node.proposeConfiguration(change, { force: true });
  }

  /** A read sees everything that anybody had applied when it was asked for. */
  #checkReads(): void {
    for (const replica of this.cluster.replicas.values()) {
      for (const { context, index } of replica.reads) {
        assertGreaterOrEqual(index, this.#reads.get(context)!, `Read ${context} is stale`);
      }
      replica.reads = [];
    }
  }

  #dump(): string {
    return [...this.cluster.replicas.values()].map(({ node }) => {
      const { id, role, term, commit, applied, lastIndex, configuration } = node.status();
      const { voters, outgoing, learners } = configuration;
      return `${id} ${role} term ${term} commit ${commit} applied ${applied} last ${lastIndex} ` +
        `voters ${voters} outgoing ${outgoing} learners ${learners}`;
    }).join("\n");
  }

  /** The faults end: one leader, all members equal, the network quiet. */
  recover(): void {
    const { cluster } = this;
    for (const replica of cluster.replicas.values()) {
      if (!replica.alive) replica.restart();
      replica.slowDisk = false;
      if (replica.writing !== null) cluster.messages.push(...replica.finishWrite());
    }
    cluster.tick(80);
    const { leader } = cluster;
    assert(leader !== undefined, `No leader was elected after the faults ended:\n${this.#dump()}`);
    assertEquals(leader.node.propose([command("last")]), "accepted");
    cluster.tick(30);
    const { applied, configuration, lastIndex } = leader.node.status();
    assertEquals(applied, lastIndex, "The leader did not apply its whole log");
    for (const id of membersOf(configuration)) {
      assertEquals(cluster.replica(id).appliedIndex, applied, `Replica ${id} did not catch up`);
    }
    cluster.checkLogMatching();
    this.#checkReads();
  }
}

function steps(weights: Record<string, number>): fc.Arbitrary<Step[]> {
  const kind = fc.oneof(
    ...Object.entries(weights).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) })),
  );
  const step = fc.record({ kind, id: fc.nat(59), pick: fc.nat(4095) });
  return fc.array(step, { minLength: 100, maxLength: 500, size: "max" });
}

const BASE = {
  tick: 24,
  calm: 10,
  deliver: 40,
  reorder: 8,
  lose: 3,
  double: 3,
  write: 24,
  crash: 2,
  restart: 6,
  propose: 8,
  read: 4,
};
const RUNS = Number(Deno.env.get("KVORUM_RAFT_RUNS") ?? 60);

function check(weights: Record<string, number>, make: (seed: number) => History): void {
  fc.assert(
    fc.property(fc.nat(), steps(weights), (seed, steps) => {
      const history = make(seed);
      for (const step of steps) history.do(step);
      history.recover();
    }),
    { numRuns: RUNS },
  );
}

Deno.test("RaftNode keeps Raft's properties with three voters", () => {
  check(BASE, (seed) => new History(3, 0, { seed, electionTicks: 5 }));
});

Deno.test("RaftNode keeps Raft's properties without pre-vote and check-quorum", () => {
  const options = { electionTicks: 5, preVote: false, checkQuorum: false };
  check(
    { ...BASE, campaign: 3 },
    (seed) => new History(3, 0, { seed, ...options }),
  );
});

Deno.test("RaftNode keeps Raft's properties with five voters and compaction", () => {
  const options = { electionTicks: 5, appendBytesMax: 40, inflightMessagesMax: 3 };
  check(
    { ...BASE, compact: 4, transfer: 2 },
    (seed) => new History(5, 0, { seed, ...options }),
  );
});

Deno.test("RaftNode keeps Raft's properties while members come and go", () => {
  check(
    { ...BASE, compact: 2, transfer: 1, change: 6 },
    (seed) => new History(3, 2, { seed, electionTicks: 5 }),
  );
});
