/**
 * One client object with 1,000 calls in flight against three durable replicas, beside the npm client
 * etcd3 on Debian's etcd in the same run: puts and gets a second, then a watch's latency. Each client
 * has a process of its own.
 *
 * deno task bench client [--seconds N] [--rounds N] [--storage deno-kv|file] [--in-flight N]
 */
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { say } from "../tools/say.ts";
import { EtcdCluster, hasEtcd } from "./support/etcd_cluster.ts";

const LOAD = new URL("support/client_load.ts", import.meta.url).href;

const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const durationMs = Number(flag("seconds", "3")) * 1_000;
const rounds = Number(flag("rounds", "3"));
const inFlight = flag("in-flight", "1000");
const storage = flag("storage", "file");

interface Contender {
  readonly name: string;
  readonly kind: "kvorum" | "etcd3";
  readonly urls: readonly string[];
}

/** Measures one client in a process of its own. */
async function measure({ kind, urls }: Contender, what: string): Promise<number[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-lock", "-A", LOAD],
      ...[kind, what, String(durationMs), inFlight, ...urls],
    ],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`The client ${kind} failed: its output says why`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

await using stack = new AsyncDisposableStack();
const cluster = stack.use(new LocalCluster(3, ["--storage", storage]));
await cluster.start();
const contenders: Contender[] = [{
  name: `kvorum (${storage})`,
  kind: "kvorum",
  urls: cluster.replicas.map(({ clientUrl }) => clientUrl),
}];
if (await hasEtcd()) {
  const etcd = stack.use(new EtcdCluster(3));
  await etcd.ready();
  contenders.push({ name: "etcd3 on etcd", kind: "etcd3", urls: etcd.urls });
} else {
  say("etcd-server is not installed: Kvorum is measured alone");
}

for (const what of ["put", "get"]) {
  const rates = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      rates[i].push(...await measure(contender, what));
    }
  }
  say(`\n${what}s, ${inFlight} in flight, 256-byte values, median of ${rounds}`);
  const medians = rates.map(median);
  for (const [i, { name }] of contenders.entries()) {
    say(`  ${name.padEnd(18)} ${medians[i].toFixed(0).padStart(8)} /s`);
  }
  if (medians.length === 2) say(`  ratio              ${(medians[0] / medians[1]).toFixed(2)}`);
}

say("\nwatch, from the put to its event, one at a time");
for (const contender of contenders) {
  const latencies = await measure(contender, "watch");
  const at = (part: number) => latencies[Math.floor(latencies.length * part)].toFixed(2);
  const figures = latencies.length === 0
    ? "an event did not come in time"
    : `p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`;
  say(`  ${contender.name.padEnd(18)} ${figures}`);
}
