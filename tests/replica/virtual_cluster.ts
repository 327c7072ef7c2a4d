/** Real replicas in one process, on virtual time, with a network that loses nothing. */
import type { MemberId } from "../../src/base/ids.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import type { CommandKind } from "../../src/machine/command.ts";
import type { CommandResult } from "../../src/machine/result.ts";
import type { InitialMember } from "../../src/replica/identity.ts";
import type { ReplicaOptions } from "../../src/replica/options.ts";
import { Replica } from "../../src/replica/replica.ts";
import type { ReplicaEvent } from "../../src/replica/status.ts";
import { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import type { PeerListener, PeerTransport } from "../../src/transport/peer_transport.ts";
import { ManualClock } from "../transport/manual_clock.ts";

/** Virtual time moves in steps of this length. */
const STEP_MS = 25;
/** Turns of the microtask queue in a step: the depth of promise chains. */
const ROUNDS = 30;

/** A replica that runs, and what it has told. */
export interface VirtualNode {
  readonly id: MemberId;
  readonly replica: Replica;
  readonly disk: MemoryDisk;
  readonly events: ReplicaEvent[];
}

/** What a test may choose about its replicas. */
export type NodeOptions = Pick<ReplicaOptions, "timing" | "upkeep" | "checksDataAtStart">;

export class VirtualCluster implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly nodes: VirtualNode[] = [];
  readonly founders: readonly InitialMember[];
  readonly #options: NodeOptions;
  readonly #listeners = new Map<MemberId, PeerListener>();
  /** Replicas whose messages get lost, both ways. */
  readonly isolated: Set<MemberId> = new Set();

  private constructor(size: number, options: NodeOptions) {
    this.#options = options;
    this.founders = Array.from({ length: size }, (_, i) => ({
      id: BigInt(i + 1),
      name: `n${i + 1}`,
      peerUrls: [`test://${i + 1}`],
      isLearner: false,
    }));
  }

  /** Starts a cluster and waits for its leader. */
  static async start(size: number, options: NodeOptions = {}): Promise<VirtualCluster> {
    const cluster = new VirtualCluster(size, options);
    for (const { id } of cluster.founders) await cluster.open(id);
    await cluster.until(() => cluster.leader !== undefined);
    return cluster;
  }

  /** Starts one replica, on a disk that it used before or on a new one. */
  open(
    id: MemberId,
    disk: MemoryDisk = new MemoryDisk(`disk of ${id}`),
    options: NodeOptions = {},
  ): Promise<VirtualNode> {
    return this.#open(id, disk, this.founders, options);
  }

  /** Starts one replica that is none of the founders and must be made a member. */
  join(id: MemberId): Promise<VirtualNode> {
    return this.#open(id, new MemoryDisk(`disk of ${id}`), []);
  }

  async #open(
    id: MemberId,
    disk: MemoryDisk,
    initialMembers: readonly InitialMember[],
    options: NodeOptions = {},
  ): Promise<VirtualNode> {
    const events: ReplicaEvent[] = [];
    const replica = await Replica.open({
      ...this.#options,
      ...options,
      storage: memoryLogStore(disk),
      connect: () => this.#connect(id),
      clock: this.clock,
      prng: new SeededPrng(Number(id)),
      bootstrap: {
        clusterId: 99n,
        memberId: id,
        instanceId: new Uint8Array(16).fill(Number(id)),
        initialMembers,
      },
      attributes: { name: `n${id}`, clientUrls: [] },
      onEvent: (event) => events.push(event),
    });
    const node = { id, replica, disk, events };
    const at = this.nodes.findIndex((other) => other.id === id);
    if (at >= 0) this.nodes[at] = node;
    else this.nodes.push(node);
    return node;
  }

  /** The node that leads, if one does. */
  get leader(): VirtualNode | undefined {
    return this.nodes.find(({ replica }) => replica.status().role === "leader");
  }

  /** Lets virtual time pass. */
  async run(durationMs: number): Promise<void> {
    let isOver = false;
    const timer = this.clock.after(durationMs, () => isOver = true);
    await this.until(() => isOver);
    timer.stop();
  }

  /** Lets virtual time pass until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    const giveUpMs = this.clock.nowMs() + 48 * 3_600_000;
    while (!isSo()) {
      if (this.clock.nowMs() > giveUpMs) throw new Error("It has not come to be so in two days");
      this.clock.advance(STEP_MS);
      await this.#settle();
    }
  }

  /** Waits for a promise while virtual time passes. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => isDone = true;
    promise.then(done, done);
    await this.#settle();
    await this.until(() => isDone);
    return await promise;
  }

  /** Proposes at a node and waits for the answer. */
  propose(node: VirtualNode, kind: CommandKind, body: Uint8Array): Promise<CommandResult> {
    return this.wait(node.replica.propose(kind, body));
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      await undefined;
      this.clock.settle();
    }
  }

  /** As the real one, it does not speak to peers that were removed, and at once. */
  #connect(from: MemberId): PeerTransport {
    const known = new Set<MemberId>();
    const removed = new Set<MemberId>();
    return {
      start: (listener) => void this.#listeners.set(from, listener),
      send: (to, messages) => {
        if (removed.has(to) || this.isolated.has(to) || this.isolated.has(from)) return;
        this.clock.defer(() => this.#listeners.get(to)?.onMessages(from, messages));
      },
      setPeers: (peers) => {
        const ids = new Set(peers.map(({ id }) => id));
        for (const id of known) if (!ids.has(id)) removed.add(id);
        for (const id of ids) known.add(id);
      },
      close: () => Promise.resolve(void this.#listeners.delete(from)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { replica } of this.nodes) await this.wait(replica.close());
  }
}
