/**
 * Puts over HTTP against three replicas with durable storage on this machine, Kvorum and etcd in
 * turns within one run: latency of one client, throughput of 256, values of 256 bytes.
 *
 * deno task bench first_light [--seconds N] [--storage deno-kv|file]
 */
import { say } from "../tools/say.ts";
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { EtcdCluster, hasEtcd } from "./support/etcd_cluster.ts";
import { type LoadResult, postLoad, putBodies } from "./support/http_load.ts";

const ROUNDS = 3;
const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const durationMs = Number(flag("seconds", "3")) * 1_000;
const storage = flag("storage", "deno-kv");

interface Contender {
  readonly name: string;
  readonly urls: readonly string[];
  readonly leaderUrl: string;
}

async function measure(contender: Contender, clients: number): Promise<LoadResult> {
  const urls = clients === 1 ? [contender.leaderUrl] : contender.urls;
  return await postLoad(urls, "/v3/kv/put", clients, durationMs, putBodies(256));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

await using cluster = new LocalCluster(3, ["--storage", storage]);
await cluster.start();
const contenders: Contender[] = [{
  name: `kvorum (${storage})`,
  urls: cluster.replicas.map((replica) => replica.clientUrl),
  leaderUrl: (await cluster.leader()).clientUrl,
}];
await using stack = new AsyncDisposableStack();
if (await hasEtcd()) {
  const etcd = stack.use(new EtcdCluster(3));
  await etcd.ready();
  contenders.push({ name: "etcd", urls: etcd.urls, leaderUrl: await etcd.leaderUrl() });
} else {
  say("etcd-server is not installed: Kvorum is measured alone");
}

for (const clients of [1, 256]) {
  const results = new Map<string, LoadResult[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      results.get(contender.name)?.push(await measure(contender, clients));
    }
  }
  say(
    `\n${clients} client${clients > 1 ? "s" : ""}, 256-byte values, median of ${ROUNDS} runs`,
  );
  const rates: number[] = [];
  for (const [name, runs] of results) {
    const rate = median(runs.map(({ perSecond }) => perSecond));
    rates.push(rate);
    const [p50, p99] = [runs.map((run) => run.p50Ms), runs.map((run) => run.p99Ms)].map(median);
    const failures = runs.reduce((sum, run) => sum + run.failures, 0);
    say(
      `  ${name.padEnd(18)} ${rate.toFixed(0).padStart(7)} puts/s   p50 ${p50.toFixed(2)} ms   ` +
        `p99 ${p99.toFixed(2)} ms   failures ${failures}`,
    );
  }
  if (rates.length === 2) say(`  ratio              ${(rates[0] / rates[1]).toFixed(2)}`);
}
