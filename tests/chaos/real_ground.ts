import { SeededPrng } from "../../src/base/prng.ts";
import { connect, type KvorumClient } from "../../src/client/mod.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import { TcpProxy } from "../client/tcp_proxy.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { chaos } from "./chaos.ts";
import { type Findings, type Ground, type Link, sleep, type Trouble } from "./ground.ts";

const REPLICAS = 3;
/** Between two losses of a replica, and how long one is down, on average. */
const UP_MS = 20_000;
const DOWN_MS = 2_000;

/** A proxy between a client's sockets and a replica's process. */
class ProxyLink implements Link {
  readonly proxy: TcpProxy;
  #trouble: Trouble | null = null;

  constructor(port: number) {
    this.proxy = new TcpProxy(port);
  }

  get trouble(): Trouble | null {
    return this.#trouble;
  }

  set trouble(trouble: Trouble | null) {
    this.#trouble = trouble;
    const { proxy } = this;
    proxy.passesRequests = trouble !== "silent" && trouble !== "deafServer";
    proxy.passesAnswers = trouble !== "silent" && trouble !== "deafClient";
    proxy.delayMs = trouble === "delay" ? 200 : trouble === "drip" ? 50 : 0;
    proxy.pieceBytes = trouble === "drip" ? 20 : Infinity;
    proxy.refuses = trouble === "refuse";
  }

  cut(): void {
    this.proxy.cut();
  }

  cutInFrame(): void {
    this.proxy.cutAfterBytes = 7;
  }
}

/** Runs chaos in real time against three replicas in processes of their own, which are killed, too. */
export async function realChaos(seed: number, durationMs: number): Promise<Findings> {
  await using cluster = new LocalCluster(REPLICAS);
  await cluster.start();
  const prng = new SeededPrng(seed);
  const links: ProxyLink[] = [];
  const ground: Ground = {
    clock: PLATFORM_CLOCK,
    prng,
    links,
    connect(): KvorumClient {
      const mine = cluster.replicas.map(({ clientUrl }) =>
        new ProxyLink(Number(new URL(clientUrl).port))
      );
      links.push(...mine);
      return connect(mine.map(({ proxy }) => proxy.url));
    },
  };
  const killing = new AbortController();
  const killed = (async () => {
    const kills = prng.fork("kills");
    while (!killing.signal.aborted) {
      await sleep(ground, kills.next() * 2 * UP_MS);
      if (killing.signal.aborted) break;
      const replica = cluster.replicas[kills.between(0, REPLICAS)];
      await replica.end("SIGKILL");
      await sleep(ground, kills.next() * 2 * DOWN_MS);
      replica.start();
    }
  })();
  const truth = connect(cluster.replicas.map(({ clientUrl }) => clientUrl));
  try {
    return await chaos(ground, { durationMs, truth });
  } finally {
    killing.abort();
    await killed;
    await truth.close();
    for (const { proxy } of links) await proxy[Symbol.asyncDispose]();
  }
}
