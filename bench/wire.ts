/**
 * Puts and gets a second over gRPC against three replicas with durable storage on this machine,
 * Kvorum and etcd in turns within one run, from the same load generator, with values of 256 bytes.
 *
 * deno task bench wire [--seconds N] [--storage deno-kv|file] [--clients 1,64,1000]
 */
import { create, encodeToBytes } from "../src/proto/codec.ts";
import { PutRequest, RangeRequest } from "../src/proto/kv.ts";
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { say } from "../tools/say.ts";
import { EtcdCluster, hasEtcd } from "./support/etcd_cluster.ts";
import { grpcLoad } from "./support/grpc_load.ts";
import type { LoadResult } from "./support/http_load.ts";

const ROUNDS = 3;
const KEYS = 10_000;
const VALUE = new Uint8Array(256).fill(120);
/** More clients than this share their connections. */
const CONNECTIONS_MAX = 64;

const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const durationMs = Number(flag("seconds", "3")) * 1_000;
const storage = flag("storage", "file");
const clientCounts = flag("clients", "1,64,1000").split(",").map(Number);

/** One kind of request, and how its messages are made. */
interface Work {
  readonly name: string;
  readonly path: string;
  readonly message: (key: Uint8Array) => Uint8Array;
}

const WORKS: readonly Work[] = [
  {
    name: "puts",
    path: "/etcdserverpb.KV/Put",
    message: (key) => encodeToBytes(PutRequest, create(PutRequest, { key, value: VALUE })),
  },
  {
    name: "linearizable gets",
    path: "/etcdserverpb.KV/Range",
    message: (key) => encodeToBytes(RangeRequest, create(RangeRequest, { key })),
  },
  {
    name: "serializable gets",
    path: "/etcdserverpb.KV/Range",
    message: (key) =>
      encodeToBytes(RangeRequest, create(RangeRequest, { key, serializable: true })),
  },
];

interface Contender {
  readonly name: string;
  /** As `host:port`. */
  readonly addresses: readonly string[];
  readonly leader: string;
}

/** The messages of a work, over all keys and again from the first: made before anything is timed. */
function messagesOf({ message }: Work): () => Uint8Array {
  const encoder = new TextEncoder();
  const messages = Array.from(
    { length: KEYS },
    (_, i) => message(encoder.encode(`bench/${String(i).padStart(8, "0")}`)),
  );
  let count = 0;
  return () => messages[count++ % KEYS];
}

async function measure(contender: Contender, work: Work, clients: number): Promise<LoadResult> {
  return await grpcLoad(clients === 1 ? [contender.leader] : contender.addresses, {
    path: work.path,
    clients,
    connections: Math.min(clients, CONNECTIONS_MAX),
    durationMs,
    nextMessage: messagesOf(work),
  });
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function tell(name: string, runs: readonly LoadResult[]): number {
  const rate = median(runs.map(({ perSecond }) => perSecond));
  const times = (["p50Ms", "p99Ms", "maxMs"] as const)
    .map((key) => `${key.slice(0, -2)} ${median(runs.map((run) => run[key])).toFixed(2)} ms`);
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  say(
    `  ${name.padEnd(18)} ${rate.toFixed(0).padStart(7)} /s   ${times.join("   ")}   ` +
      `failures ${failures}`,
  );
  return rate;
}

const hostOf = (url: string) => new URL(url).host;

await using cluster = new LocalCluster(3, ["--storage", storage]);
await cluster.start();
const contenders: Contender[] = [{
  name: `kvorum (${storage})`,
  addresses: cluster.replicas.map(({ clientUrl }) => hostOf(clientUrl)),
  leader: hostOf((await cluster.leader()).clientUrl),
}];
await using stack = new AsyncDisposableStack();
if (await hasEtcd()) {
  const etcd = stack.use(new EtcdCluster(3));
  await etcd.ready();
  contenders.push({
    name: "etcd",
    addresses: etcd.urls.map(hostOf),
    leader: hostOf(await etcd.leaderUrl()),
  });
} else {
  say("etcd-server is not installed: Kvorum is measured alone");
}

for (const work of WORKS) {
  for (const clients of clientCounts) {
    const results = new Map<string, LoadResult[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const contender of contenders) {
        results.get(contender.name)?.push(await measure(contender, work, clients));
      }
    }
    say(`\n${work.name}, ${clients} client${clients > 1 ? "s" : ""}, median of ${ROUNDS} runs`);
    const rates = Array.from(results, ([name, runs]) => tell(name, runs));
    if (rates.length === 2) say(`  ratio              ${(rates[0] / rates[1]).toFixed(2)}`);
  }
}
