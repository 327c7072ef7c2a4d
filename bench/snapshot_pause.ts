/**
 * The longest pauses of a replica's event loop while a large store takes 5,000 puts a second and
 * saves snapshots: of the loop itself by a timer in its process, of requests by their latency.
 * Rounds that save snapshots alternate with rounds that save none, on the same data, so that what the
 * load alone does shows beside it; and of each pause the time is told apart in which the loop stood
 * in line for a processor.
 *
 * deno task bench snapshot_pause [--keys N] [--seconds N] [--rounds N] [--snapshot-count N]
 *     [--storage deno-kv|file]
 */
import { freePorts } from "../tests/e2e/free_ports.ts";
import { ServerProcess } from "../tests/e2e/local_cluster.ts";
import { say } from "../tools/say.ts";
import { fillStore, keyOf, randomValue } from "./support/fill_store.ts";

const VALUE_BYTES = 256;
const PUTS_PER_TXN = 10;
const TXNS_PER_ROUND = 10;
const ROUND_MS = 20;
const SETTLE_MS = 3_000;
const NO_SNAPSHOTS = "1000000000";
const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const txnsSent = Math.ceil(Number(flag("seconds", "15")) * 1_000 / ROUND_MS) * TXNS_PER_ROUND;
const keys = Number(flag("keys", "1000000"));
const seconds = Number(flag("seconds", "15"));
const rounds = Number(flag("rounds", "3"));
const entriesPerSnapshot = flag("snapshot-count", "1000");

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
  // Why not an error: a machine that is too busy for the load refuses some, and that is a result.
  if (response.ok) latencies.push(performance.now() - sentMs);
}

/** The longest pauses of a round, in milliseconds. */
interface Pauses {
  readonly wall: number;
  /** Without the time in line for a processor. */
  readonly own: number;
}

function longestPauses(lines: readonly string[]): Pauses {
  let [wall, own] = [0, 0];
  for (const line of lines) {
    const found = /^loop-pause ms=(\S+) cpu-ms=\S+ queued-ms=(\S+)/.exec(line);
    if (found === null) continue;
    wall = Math.max(wall, Number(found[1]));
    own = Math.max(own, Number(found[1]) - Number(found[2]));
  }
  return { wall, own };
}

const probe = new URL("support/loop_probe.ts", import.meta.url).href;
const directory = await Deno.makeTempDir();
const [clientPort, peerPort] = freePorts(2);
const clientUrl = `http://127.0.0.1:${clientPort}`;
const peerUrl = `http://127.0.0.1:${peerPort}`;

async function withServer<T>(
  snapshotCount: string,
  run: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const server = new ServerProcess("n1", clientUrl, [
    ...["--name", "n1", "--data-dir", `${directory}/n1`, "--storage", flag("storage", "deno-kv")],
    ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
    ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
    ...["--initial-cluster", `n1=${peerUrl}`, "--snapshot-count", snapshotCount],
  ], [`--preload=${probe}`]);
  server.start();
  try {
    await server.line("ready to serve");
    return await run(server);
  } finally {
    await server.end("SIGTERM");
  }
}

/** One round of load on a server that has just been started. */
async function round(name: string, snapshotCount: string): Promise<Pauses> {
  return await withServer(snapshotCount, async (server) => {
    // What a start costs is none of this: a million keys were read, and nothing is compiled yet.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const from = server.lines.length;
    const latencies = await steadyLoad(clientUrl);
    const lines = server.lines.slice(from);
    const saved = lines.filter((line) => line.includes("saved snapshot")).length;
    const pauses = longestPauses(lines);
    const refused = txnsSent - latencies.length;
    const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)].toFixed(0);
    say(
      `${name}  ${String(saved).padStart(2)} saved   longest pause ${pauses.wall.toFixed(0)} ms, ` +
        `${pauses.own.toFixed(0)} ms without queueing   latency p50 ${at(0.5)} ms, ` +
        `p99 ${at(0.99)} ms, longest ${at(1)} ms` + (refused > 0 ? `, ${refused} refused` : ""),
    );
    return pauses;
  });
}

function summary(name: string, all: readonly Pauses[]): void {
  const of = (field: keyof Pauses) => {
    const sorted = all.map((pauses) => pauses[field]).sort((a, b) => a - b);
    return `median ${sorted[sorted.length >> 1].toFixed(0)} ms, longest ${
      sorted[sorted.length - 1].toFixed(0)
    } ms`;
  };
  say(`${name}  ${of("wall")};  without queueing: ${of("own")}`);
}

try {
  await withServer(entriesPerSnapshot, () => fillStore(clientUrl, keys, VALUE_BYTES));
  const without: Pauses[] = [];
  const during: Pauses[] = [];
  for (let i = 0; i < rounds; i++) {
    without.push(await round("no snapshots", NO_SNAPSHOTS));
    during.push(await round("snapshots   ", entriesPerSnapshot));
  }
  say(`Pauses on ${keys} keys, ${rounds} rounds of ${seconds} s each:`);
  summary("no snapshots", without);
  summary("snapshots   ", during);
} finally {
  await Deno.remove(directory, { recursive: true });
}
