/**
 * The longest pauses of a replica's event loop while a large store takes 5,000 puts a second and
 * saves snapshots: of the loop itself by a timer in its process, of requests by their latency. An
 * idle process with the same timer shows beside it what the machine alone is to blame for.
 *
 * deno task bench snapshot_pause [--keys N] [--seconds N] [--storage deno-kv|file]
 */
import { say } from "../tools/say.ts";
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { fillStore, keyOf, randomValue } from "./support/fill_store.ts";

const VALUE_BYTES = 256;
const PUTS_PER_TXN = 10;
const TXNS_PER_ROUND = 10;
const ROUND_MS = 20;
const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const keys = Number(flag("keys", "1000000"));
const seconds = Number(flag("seconds", "20"));
const storage = flag("storage", "deno-kv");
const entriesPerSnapshot = flag("snapshot-count", "2000");

/** Puts at a steady pace, however slowly they are answered. Gives the latencies in order. */
async function steadyLoad(url: string): Promise<number[]> {
  const latencies: number[] = [];
  const underWay: Promise<void>[] = [];
  const startMs = performance.now();
  const value = randomValue(VALUE_BYTES);
  for (let round = 0; round * ROUND_MS < seconds * 1_000; round++) {
    const waitMs = startMs + round * ROUND_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    for (let i = 0; i < TXNS_PER_ROUND; i++) underWay.push(txn(url, value, latencies));
  }
  await Promise.all(underWay);
  return latencies.sort((a, b) => a - b);
}

async function txn(url: string, value: string, latencies: number[]): Promise<void> {
  const first = Math.floor(Math.random() * (keys - PUTS_PER_TXN));
  const success = Array.from({ length: PUTS_PER_TXN }, (_, i) => ({
    requestPut: { key: keyOf(first + i), value },
  }));
  const body = JSON.stringify({ success });
  const sentMs = performance.now();
  const response = await fetch(`${url}/v3/kv/txn`, { method: "POST", body });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`A put was refused with ${response.status}`);
  latencies.push(performance.now() - sentMs);
}

interface Pause {
  readonly ms: number;
  readonly cpuMs: number;
}

function pausesIn(lines: readonly string[]): Pause[] {
  return lines.flatMap((line) => {
    const found = /^loop-pause ms=(\S+) cpu-ms=(\S+)/.exec(line);
    return found === null ? [] : [{ ms: Number(found[1]), cpuMs: Number(found[2]) }];
  }).sort((a, b) => b.ms - a.ms);
}

/** A process that does nothing but watch its own loop. */
class IdleProcess {
  readonly #child: Deno.ChildProcess;

  constructor(probe: string) {
    const main = "data:text/javascript,setInterval(() => {}, 1000)";
    const args = ["run", "--quiet", "-A", `--preload=${probe}`, main];
    this.#child = new Deno.Command(Deno.execPath(), { args, stderr: "piped" }).spawn();
  }

  /** Ends the process and gives what it wrote. */
  async end(): Promise<readonly string[]> {
    this.#child.kill("SIGKILL");
    return new TextDecoder().decode((await this.#child.output()).stderr).split("\n");
  }
}

function describe(pauses: readonly Pause[]): string {
  const longest = pauses.slice(0, 5).map(({ ms, cpuMs }) => `${ms} ms (${cpuMs} of processor)`);
  return longest.join(", ") || "none of 15 ms or more";
}

const probe = new URL("support/loop_probe.ts", import.meta.url).href;
const flags = ["--storage", storage, "--snapshot-count", entriesPerSnapshot];
await using cluster = new LocalCluster(1, flags, [`--preload=${probe}`]);
await cluster.start();
const [replica] = cluster.replicas;
await fillStore(replica.clientUrl, keys, VALUE_BYTES);
const from = replica.lines.length;
const idle = new IdleProcess(probe);
const latencies = await steadyLoad(replica.clientUrl);
const lines = replica.lines.slice(from);
const snapshots = lines.filter((line) => line.includes("saved snapshot")).length;
const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)].toFixed(1);
say(`${latencies.length * PUTS_PER_TXN} puts in ${seconds} s on ${keys} keys (${storage})`);
say(`snapshots saved      ${snapshots}`);
say(`latency of a txn     p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
say(`longest pauses       ${describe(pausesIn(lines))}`);
say(`of an idle process   ${describe(pausesIn(await idle.end()))}`);
