/**
 * How long a lock takes from one holder to the next, p50 and p99, on three durable replicas, beside
 * Debian's etcd in the same run: Kvorum's client with its recipe, and the lock service over gRPC of
 * both, since etcd's npm client has no lock that waits. A watch's latency is in `client`.
 *
 * deno task bench locks [--samples N] [--rounds N] [--held MS] [--storage deno-kv|file]
 */
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { say } from "../tools/say.ts";
import { EtcdCluster, hasEtcd } from "./support/etcd_cluster.ts";

const LOAD = new URL("support/lock_load.ts", import.meta.url).href;

const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const samples = flag("samples", "100");
// Why so long: etcd looks after a watch that begins in the past every 100 ms, and then serves it at
// once. Who gives a lock back sooner waits for that. Ref: etcd server/storage/mvcc/watchable_store.go.
const heldMs = flag("held", "150");
const rounds = Number(flag("rounds", "3"));
const storage = flag("storage", "file");

interface Contender {
  readonly name: string;
  readonly kind: "recipe" | "service";
  /** The leader comes first: a single connection goes there. */
  readonly urls: readonly string[];
}

/** Measures in a process of its own. */
async function measure({ kind, urls }: Contender): Promise<number[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", LOAD, kind, samples, heldMs, ...urls],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`The holders of ${kind} failed: their output says why`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

await using stack = new AsyncDisposableStack();
const cluster = stack.use(new LocalCluster(3, ["--storage", storage]));
await cluster.start();
const leader = (await cluster.leader()).clientUrl;
const contenders: Contender[] = [
  { name: "recipe on kvorum", kind: "recipe", urls: [leader] },
  { name: "service on kvorum", kind: "service", urls: [leader] },
];
if (await hasEtcd()) {
  const etcd = stack.use(new EtcdCluster(3));
  await etcd.ready();
  contenders.push({ name: "service on etcd", kind: "service", urls: [await etcd.leaderUrl()] });
} else {
  say("etcd-server is not installed: Kvorum is measured alone");
}

const latencies = contenders.map((): number[] => []);
for (let round = 0; round < rounds; round++) {
  for (const [i, contender] of contenders.entries()) {
    latencies[i].push(...await measure(contender));
  }
}
say(`\nlock, from one holder to the next, held ${heldMs} ms, ${rounds} rounds of ${samples}`);
for (const [i, { name }] of contenders.entries()) {
  const sorted = latencies[i].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)].toFixed(2);
  say(`  ${name.padEnd(18)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`);
}
