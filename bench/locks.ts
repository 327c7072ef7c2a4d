/**
 * How long a lock takes from one holder to the next, and an event from its put to who watches, p50 and
 * p99, on three durable replicas, beside Debian's etcd in the same run: Kvorum's client, and for both
 * servers the lock service over gRPC and the watch as JSON, since etcd's npm client has no lock that
 * waits, and loses events on Deno.
 *
 * deno task bench locks [--samples N] [--rounds N] [--held MS] [--storage deno-kv|file]
 */
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { say } from "../tools/say.ts";
import { EtcdCluster, hasEtcd } from "./support/etcd_cluster.ts";

const LOCK_LOAD = new URL("support/lock_load.ts", import.meta.url).href;
const WATCH_LOAD = new URL("support/watch_load.ts", import.meta.url).href;

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

/** Measures in a process of its own. */
async function measure(load: string, args: readonly string[]): Promise<number[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", load, ...args],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${load} failed: its output says why`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Measures the contenders in turn, round by round, and says what came of it. */
async function compare(
  title: string,
  contenders: ReadonlyMap<string, () => Promise<number[]>>,
): Promise<void> {
  const latencies = new Map([...contenders.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of contenders) latencies.get(name)?.push(...await run());
  }
  say(`\n${title}, ${rounds} rounds of ${samples}`);
  for (const [name, values] of latencies) {
    const sorted = values.sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.floor(sorted.length * part)].toFixed(2);
    say(`  ${name.padEnd(18)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`);
  }
}

await using stack = new AsyncDisposableStack();
const cluster = stack.use(new LocalCluster(3, ["--storage", storage]));
await cluster.start();
const leader = (await cluster.leader()).clientUrl;
const locks = new Map([
  ["recipe on kvorum", () => measure(LOCK_LOAD, ["recipe", samples, heldMs, leader])],
  ["service on kvorum", () => measure(LOCK_LOAD, ["service", samples, heldMs, leader])],
]);
const watches = new Map([
  ["client on kvorum", () => measure(WATCH_LOAD, ["client", samples, leader])],
  ["JSON on kvorum", () => measure(WATCH_LOAD, ["gateway", samples, leader])],
]);
if (await hasEtcd()) {
  const etcd = stack.use(new EtcdCluster(3));
  await etcd.ready();
  const url = await etcd.leaderUrl();
  locks.set("service on etcd", () => measure(LOCK_LOAD, ["service", samples, heldMs, url]));
  watches.set("JSON on etcd", () => measure(WATCH_LOAD, ["gateway", samples, url]));
} else {
  say("etcd-server is not installed: Kvorum is measured alone");
}
await compare("watch, from the put to its event", watches);
await compare(`lock, from one holder to the next, held ${heldMs} ms`, locks);
