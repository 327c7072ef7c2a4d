import type { KvorumClient } from "../client/client.ts";
import { connect, type ConnectOptions } from "../client/connect.ts";
import { EmbeddedReplica } from "../embedded/embedded_replica.ts";
import { type Channel, ChannelCode, channelPair } from "../proto/multiplex/channel.ts";
import { MemoryDisk } from "../storage/memory/memory_disk.ts";
import { memoryLogStore } from "../storage/memory/memory_log_store.ts";

/** In one program nobody is far away, and a test does not want to wait for an election. */
const TIMING = { heartbeatIntervalMs: 20, electionTimeoutMs: 200 };
/** Who is alone need not wait to see whether somebody else leads. */
const TIMING_ALONE = { heartbeatIntervalMs: 20, electionTimeoutMs: 25 };

/** How a cluster for tests is made. */
export interface TestClusterOptions {
  /** How many replicas, at least one. @default {3} */
  readonly replicas?: number;
}

/** One place in the cluster: the disk stays when the replica on it is stopped. */
interface Seat {
  readonly name: string;
  readonly disk: MemoryDisk;
  replica: EmbeddedReplica | null;
}

/**
 * A whole cluster in your test's own program, in memory: the real replicas, which elect, replicate
 * and lose their leader as they do in production. It starts in a fraction of a second; one of a single
 * replica in a tenth of that.
 *
 * @example A test against a cluster of three, in one line
 * ```ts
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start();
 * await cluster.client.put("greeting", "hello");
 * await cluster.stop(0); // two of three are left, and go on
 * const greeting = await cluster.client.get("greeting");
 * if (greeting?.text() !== "hello") throw new Error("lost");
 * ```
 */
export class TestCluster implements AsyncDisposable {
  readonly #seats: readonly Seat[];
  readonly #clients: KvorumClient[] = [];
  #client: KvorumClient | null = null;

  private constructor(size: number) {
    this.#seats = Array.from({ length: size }, (_, i) => ({
      name: `replica-${i}`,
      disk: new MemoryDisk(),
      replica: null,
    }));
  }

  /**
   * Starts a cluster and waits until it serves.
   *
   * @throws {RangeError} for less than one replica
   */
  static async start({ replicas = 3 }: TestClusterOptions = {}): Promise<TestCluster> {
    if (!Number.isInteger(replicas) || replicas < 1) {
      throw new RangeError(`Cannot start a cluster of ${replicas} replicas: use 1, 3 or 5`);
    }
    const cluster = new TestCluster(replicas);
    try {
      for (let i = 0; i < replicas; i++) await cluster.restart(i);
      await cluster.client.get("is there a leader?");
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How many replicas the cluster has, stopped ones included. */
  get size(): number {
    return this.#seats.length;
  }

  /** A client of the whole cluster, which moves on when its replica stops. */
  get client(): KvorumClient {
    return this.#client ??= this.connect();
  }

  /** A client of its own, of all replicas or of one. The cluster closes it, too. */
  connect(options: ConnectOptions = {}, replica?: number): KvorumClient {
    const seats = replica === undefined ? this.#seats : [this.#seat(replica)];
    const client = connect(seats.map((seat) => () => dial(seat)), options);
    this.#clients.push(client);
    return client;
  }

  /** The replica itself, or null while it is stopped. */
  replica(index: number): EmbeddedReplica | null {
    return this.#seat(index).replica;
  }

  /** Which replica leads as far as the replicas know, or null if none of them does. */
  get leader(): number | null {
    const index = this.#seats.findIndex(({ replica }) => replica?.status.role === "leader");
    return index < 0 ? null : index;
  }

  /** Stops a replica. What is on its disk stays, for {@linkcode TestCluster.restart}. */
  async stop(index: number): Promise<void> {
    const seat = this.#seat(index);
    const { replica } = seat;
    if (replica === null) return;
    seat.replica = null;
    await replica.close();
  }

  /** Starts a stopped replica again, with what is on its disk. */
  async restart(index: number): Promise<void> {
    const seat = this.#seat(index);
    if (seat.replica !== null) return;
    const replica = await EmbeddedReplica.open({
      storage: memoryLogStore(seat.disk),
      name: seat.name,
      members: this.#seats.map(({ name }) => ({ name })),
      timing: this.size === 1 ? TIMING_ALONE : TIMING,
      peers: "ports",
    });
    for (const other of this.#seats) {
      if (other.replica === null) continue;
      const { port1, port2 } = new MessageChannel();
      replica.connectPeer(port1, other.name);
      other.replica.acceptPeer(port2);
    }
    seat.replica = replica;
  }

  /** Closes all clients and replicas. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#seats.map((_, index) => this.stop(index)));
  }

  #seat(index: number): Seat {
    const seat = this.#seats[index];
    if (seat === undefined) {
      throw new RangeError(`There is no replica ${index}: they are 0 to ${this.size - 1}`);
    }
    return seat;
  }
}

/** A connection to a replica; to one that is stopped, a connection that is lost at once. */
function dial({ replica }: Seat): Channel {
  if (replica !== null) return replica.dial();
  const [lost, other] = channelPair();
  other.close(ChannelCode.Unavailable, "the replica is stopped");
  return lost;
}
