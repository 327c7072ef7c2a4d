import type { Prng } from "../../../src/base/prng.ts";
import type { SimCluster } from "../sim_cluster.ts";
import type { SimNode } from "../sim_node.ts";
import { type Answer, call } from "./call.ts";
import * as requests from "./requests.ts";

/**
 * A client that holds leases, one after the other: grants one, puts a key on it, keeps it alive through
 * any replica for a while, and then gives it up, forgets it or lets it go.
 */
export class LeaseHolder {
  readonly #cluster: SimCluster;
  readonly #prng: Prng;
  readonly #name: string;
  readonly #number: number;
  #leaseCount = 0;
  #isStopped = false;

  constructor(cluster: SimCluster, number: number) {
    this.#cluster = cluster;
    this.#number = number;
    this.#name = `l${number}`;
    this.#prng = cluster.world.prng.fork(this.#name);
    this.#run().catch((error) => {
      cluster.verdict.report("simulator", `A lease holder fails: ${error?.stack}`);
    });
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#wait(this.#prng.next() * 1_000);
      await this.#holdOne();
    }
  }

  async #holdOne(): Promise<void> {
    const prng = this.#prng;
    const id = BigInt(this.#number * 1_000 + ++this.#leaseCount);
    const ttlSeconds = prng.between(2, 6);
    const askedMs = this.#cluster.world.nowMs;
    const granted = await this.#write(requests.grant(id, ttlSeconds));
    if (granted.kind !== "ok") return;
    this.#cluster.leases.promised(id, askedMs);
    await this.#write(requests.put(`lease/${id}`, `${id}`, id));
    const untilMs = this.#cluster.world.nowMs + prng.next() * 15_000;
    while (this.#cluster.world.nowMs < untilMs && !this.#isStopped) {
      await this.#wait(ttlSeconds * 1_000 * (0.2 + prng.next() * 0.5));
      if (!await this.#renew(id)) return;
      // Some die right after a renewal: nothing hides then when the lease ends.
      if (prng.chance(0.1)) return;
      if (prng.chance(0.2)) await this.#write(requests.put(`lease/${id}`, `${id}`, id));
    }
    if (prng.chance(0.4)) await this.#write(requests.revoke(id));
  }

  /** @returns whether there still is such a lease, as far as the holder knows. */
  async #renew(id: bigint): Promise<boolean> {
    const { leases, verdict, world } = this.#cluster;
    const askedMs = world.nowMs;
    const answer = await call(
      this.#cluster,
      this.#prng,
      this.#node(),
      (replica) => replica.renewLease(id),
    );
    if (answer.kind !== "ok") return true;
    verdict.count("lease renewals");
    if (answer.value > 0) leases.promised(id, askedMs);
    else leases.denied(id);
    return answer.value > 0;
  }

  #write(request: requests.WriteRequest): Promise<Answer<unknown>> {
    return call(
      this.#cluster,
      this.#prng,
      this.#node(),
      (replica) => replica.propose(request.kind, request.body),
    );
  }

  #node(): SimNode {
    return this.#cluster.endpoint(this.#prng);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#cluster.world.after(delayMs, resolve));
  }
}
