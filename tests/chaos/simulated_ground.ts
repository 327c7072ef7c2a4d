import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { KvorumClient } from "../../src/client/client.ts";
import { Endpoints } from "../../src/client/endpoints.ts";
import { MultiplexTransport } from "../../src/client/multiplex_transport.ts";
import type { Channel } from "../../src/proto/multiplex/channel.ts";
import { NO_OVERRIDES, optionsOf } from "../simulation/overrides.ts";
import { SimClock } from "../simulation/sim_clock.ts";
import { SimCluster } from "../simulation/sim_cluster.ts";
import type { SimNode } from "../simulation/sim_node.ts";
import { Verdict } from "../simulation/verdict.ts";
import { World } from "../simulation/world.ts";
import type { Findings, Ground } from "./ground.ts";
import { chaos } from "./chaos.ts";
import { SimulatedLink } from "./simulated_link.ts";

const PATIENCE = { connectMs: 3_000, pingMs: 1_000, idlePingMs: 15_000, silenceMs: 3_000 };
const REPLICAS = 3;
/** Between two losses of a replica, and how long one is down, on average. */
const UP_MS = 12_000;
const DOWN_MS = 3_000;

/** Runs chaos on simulated time against three real replicas, which crash now and then as well. */
export async function simulateChaos(seed: number, durationMs: number): Promise<Findings> {
  const world = new World(seed);
  const verdict = new Verdict(world, false);
  const drawn = optionsOf(seed, NO_OVERRIDES);
  const options = { ...drawn, replicaCount: REPLICAS, clockDrift: 0 };
  const cluster = new SimCluster(world, options, verdict);
  const clock = new SimClock(world, 1);
  clock.release();
  const prng = world.prng.fork("chaos");
  const servers = new Map<SimNode, { server: MultiplexServer; generation: number }>();
  const links: SimulatedLink[] = [];

  /** A connection into the process that runs on a node now. */
  const reach = (node: SimNode): Channel | null => {
    const { replica, generation, clock: own } = node;
    if (replica === null || !node.isUp) return null;
    let entry = servers.get(node);
    if (entry?.generation !== generation) {
      const every = own.every.bind(own);
      const server = new MultiplexServer({ replica, nowMs: () => own.nowMs(), every });
      entry = { server, generation };
      servers.set(node, entry);
      node.onEnd.add(() => server.close());
    }
    return entry.server.connect();
  };
  const connect = (isWell: boolean): KvorumClient => {
    const mine = cluster.nodes.map((node) =>
      new SimulatedLink(clock, prng.fork("link"), () => reach(node))
    );
    if (!isWell) links.push(...mine);
    const transport = new MultiplexTransport({
      endpoints: new Endpoints(mine.map((link) => () => link.dial()), () => prng.next()),
      clock,
      patience: PATIENCE,
      prefersLeader: false,
      client: BigInt(prng.between(1, 2 ** 50)),
    });
    return new KvorumClient(transport, clock, 10_000);
  };

  const ground: Ground = { clock, prng, links, connect: () => connect(false) };
  const truth = connect(true);
  const crashes = prng.fork("crashes");
  let isOver = false;
  const crashNext = (): void => {
    clock.after(crashes.next() * 2 * UP_MS, () => {
      const up = cluster.upNodes();
      if (isOver || up.length < REPLICAS) return isOver ? undefined : crashNext();
      const node = up[crashes.between(0, up.length)];
      node.crash(crashes.chance(0.5) ? "power" : "process");
      clock.after(crashes.next() * 2 * DOWN_MS, () => {
        node.start();
        crashNext();
      });
    });
  };
  crashNext();

  let findings: Findings | null = null;
  let failure: unknown = null;
  chaos(ground, { durationMs, truth }).then(
    (result) => findings = result,
    (error) => failure = error,
  );
  const isDone = () => findings !== null || failure !== null || verdict.violation !== null;
  await world.runUntil(durationMs, isDone);
  isOver = true;
  await world.runUntil(durationMs + 180_000, isDone);
  await truth.close();
  for (const node of cluster.nodes) node.crash("process");
  if (failure !== null) throw failure;
  if (verdict.violation !== null) {
    throw new Error(`${verdict.violation.rule}: ${verdict.violation.text}`);
  }
  if (findings === null) throw new Error("The run did not come to its end within three minutes");
  return findings;
}
