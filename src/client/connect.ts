import type { Clock } from "../base/clock.ts";
import { KvorumClient } from "./client.ts";
import type { Patience } from "./connection.ts";
import { type Endpoint, Endpoints } from "./endpoints.ts";
import { MultiplexTransport } from "./multiplex_transport.ts";
import { PLATFORM_CLOCK } from "./platform_clock.ts";
import type { ClientTransport } from "./transport.ts";

/** How long a call tries unless it says otherwise. */
const DEADLINE_MS = 10_000;

const PATIENCE: Patience = {
  connectMs: 3_000,
  pingMs: 1_000,
  idlePingMs: 15_000,
  silenceMs: 3_000,
};

/** How a client behaves. */
export interface ConnectOptions {
  /** How long a call tries unless it says otherwise. @default {10000} */
  readonly deadlineMs?: number;
  /** How long a server may take to accept a connection. @default {3000} */
  readonly connectTimeoutMs?: number;
  /**
   * How long a server may say nothing while an answer is awaited: after a second it is asked whether
   * it is there, and after this much more it is left for another. @default {3000}
   */
  readonly silenceTimeoutMs?: number;
  /**
   * Which server to use: any, so that clients spread, or the leader, if it is among the endpoints.
   * Writes are faster at the leader, which has to have them anyway.
   * @default {"any"}
   */
  readonly prefer?: "any" | "leader";
  /** Another way to the cluster than a multiplexed connection, such as `FetchTransport`. */
  readonly transport?: ClientTransport;
  /** Time, for tests. @default {the platform's} */
  readonly clock?: Clock;
}

/**
 * Connects to a cluster. It returns at once: the first call waits for the connection.
 *
 * @param endpoints The servers' client URLs, of which one is used at a time, or ways to a server in
 * this program.
 * @throws {TypeError} if there is none, or one is no such URL
 *
 * @example Connect to a cluster of three
 * ```ts
 * import { connect } from "@kvorum/kvorum/client";
 *
 * await using client = connect(
 *   ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"],
 *   { deadlineMs: 5_000 },
 * );
 * ```
 *
 * @example Connect to a replica in this program
 * ```ts
 * import { connect } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const replica = cluster.replica(0)!; // or one of EmbeddedReplica.open
 *
 * await using client = connect(() => replica.dial());
 * await client.put("greeting", "hello");
 * if ((await client.get("greeting"))?.text() !== "hello") throw new Error("Not stored");
 * ```
 */
export function connect(
  endpoints: Endpoint | readonly Endpoint[],
  options: ConnectOptions = {},
): KvorumClient {
  const { clock = PLATFORM_CLOCK, deadlineMs = DEADLINE_MS } = options;
  const list = typeof endpoints === "string" || typeof endpoints === "function"
    ? [endpoints]
    : endpoints;
  const transport = options.transport ?? new MultiplexTransport({
    endpoints: new Endpoints(list, randomFraction),
    clock,
    patience: {
      connectMs: options.connectTimeoutMs ?? PATIENCE.connectMs,
      pingMs: Math.min(PATIENCE.pingMs, options.silenceTimeoutMs ?? Infinity),
      idlePingMs: PATIENCE.idlePingMs,
      silenceMs: options.silenceTimeoutMs ?? PATIENCE.silenceMs,
    },
    prefersLeader: options.prefer === "leader",
    client: randomClient(),
  });
  return new KvorumClient(transport, clock, deadlineMs);
}

function randomClient(): bigint {
  const [drawn] = crypto.getRandomValues(new BigUint64Array(1));
  return drawn || 1n;
}

function randomFraction(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32;
}
