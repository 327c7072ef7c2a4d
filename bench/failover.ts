/**
 * The time from the leader's SIGKILL until the next write succeeds, ten times: one client writes
 * through a replica that lives on.
 *
 * deno task bench failover [--storage deno-kv|file]
 */
import { say } from "../tools/say.ts";
import { LocalCluster } from "../tests/e2e/local_cluster.ts";

const ROUNDS = 10;
const at = Deno.args.indexOf("--storage");
await using cluster = new LocalCluster(3, ["--storage", at < 0 ? "deno-kv" : Deno.args[at + 1]]);
await cluster.start();

const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const leader = await cluster.leader();
  const survivor = cluster.replicas.find((replica) => replica !== leader) ?? leader;
  const put = () =>
    survivor.call("/v3/kv/put", { key: btoa(`failover/${round}`), value: btoa("x") }, 20_000);
  await put();
  const seen = leader.lines.length;
  const startMs = performance.now();
  await leader.end("SIGKILL");
  while (await put() === null) continue;
  times.push(performance.now() - startMs);
  leader.start();
  await leader.line("ready to serve", seen);
}
times.sort((a, b) => a - b);
say(
  `time to the next write after the leader is killed: median ${
    ((times[4] + times[5]) / 2).toFixed(0)
  } ms, fastest ${times[0].toFixed(0)} ms, slowest ${times[9].toFixed(0)} ms`,
);
