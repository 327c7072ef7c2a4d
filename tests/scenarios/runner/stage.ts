import { assert } from "@std/assert";
import { configurationOf } from "../../../src/raft/configuration.ts";
import type { Message } from "../../../src/raft/message.ts";
import { TestCluster } from "../../raft/harness/cluster.ts";
import type { TestOptions, TestReplica } from "../../raft/harness/replica.ts";
import { describeMessage, describeReady, describeWrite } from "./describe.ts";

/** The replicas of a scenario, and the trace of what they do. */
export class Stage {
  #cluster: TestCluster | null = null;
  #lines: string[] = [];
  /** Replicas that are cut off from the others. */
  #cut = new Set<bigint>();

  get cluster(): TestCluster {
    assert(this.#cluster !== null, "A scenario begins with the command cluster");
    return this.#cluster;
  }

  /** Starts the replicas; spares are there but in no configuration. */
  open(voters: number, learners: number, spares: number, options: TestOptions): void {
    const ids = Array.from({ length: voters + learners + spares }, (_, i) => BigInt(i + 1));
    const founded = {
      ...configurationOf(ids.slice(0, voters)),
      learners: ids.slice(voters, voters + learners),
    };
    this.#cluster = new TestCluster(founded, options);
    for (const id of ids.slice(voters + learners)) this.#cluster.add(id, founded);
    for (const replica of this.#cluster.replicas.values()) this.#watch(replica);
    this.#cluster.lost = (message) => {
      const lost = this.#cut.has(message.from) !== this.#cut.has(message.to);
      if (lost) this.print(`lost: ${describeMessage(message)}`);
      return lost;
    };
  }

  #watch(replica: TestReplica): void {
    replica.onReady = (ready) => {
      for (const line of describeReady(replica.id, ready)) this.print(line);
      if (ready.write === null || replica.slowDisk) return;
      for (const message of ready.write.messages) this.print(`  ${describeMessage(message)}`);
    };
  }

  print(line: string): void {
    this.#lines.push(line);
  }

  /** What was printed since the last call. */
  takeLines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  replica(id: number): TestReplica {
    return this.cluster.replica(id);
  }

  /** A slow disk is done with its write. */
  finishWrite(id: number): void {
    const replica = this.replica(id);
    assert(replica.writing !== null, `Replica ${id} writes nothing`);
    this.print(`${id} has written ${describeWrite(replica.writing)}`);
    const messages = replica.finishWrite();
    for (const message of messages) this.print(`  ${describeMessage(message)}`);
    this.cluster.messages.push(...messages);
  }

  cut(ids: readonly number[]): void {
    this.#cut = new Set(ids.map(BigInt));
  }

  /** Delivers what is on the way now and chosen, with the turns that follow from it. */
  deliver(chosen: (message: Message) => boolean): void {
    const { cluster } = this;
    for (const message of cluster.messages.filter(chosen)) {
      this.print(`> ${describeMessage(message)}`);
      cluster.deliver(cluster.messages.indexOf(message));
    }
  }
}
