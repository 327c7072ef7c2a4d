/**
 * The resident memory of one replica's process and of etcd's with the same data, side by side: keys
 * of 32 bytes with values of 256, loaded through both HTTP gateways in transactions of a hundred.
 *
 * deno task bench store_memory [--keys N] [--storage deno-kv|file]
 */
import { say } from "../tools/say.ts";
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { EtcdCluster, hasEtcd } from "./support/etcd_cluster.ts";
import { fillStore } from "./support/fill_store.ts";

const VALUE_BYTES = 256;
const SETTLE_MS = 5_000;
const flag = (name: string, value: string) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
};
const keys = Number(flag("keys", "1000000"));
const storage = flag("storage", "deno-kv");

interface Memory {
  readonly emptyMb: number;
  readonly settledMb: number;
  readonly peakMb: number;
}

/** A line of the process's status, in megabytes. */
async function statusMb(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024 / 1e6;
}

async function measure(name: string, pid: number, url: string): Promise<Memory> {
  const emptyMb = await statusMb(pid, "VmRSS");
  await fillStore(url, keys, VALUE_BYTES);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const memory = {
    emptyMb,
    settledMb: await statusMb(pid, "VmRSS"),
    peakMb: await statusMb(pid, "VmHWM"),
  };
  const { settledMb, peakMb } = memory;
  const mb = (value: number) => `${value.toFixed(0).padStart(5)} MB`;
  const anonymous = mb(await statusMb(pid, "RssAnon"));
  say(`${name.padEnd(18)} empty ${mb(emptyMb)}   with ${keys} keys ${mb(settledMb)}`);
  say(`${"".padEnd(18)} of it not backed by a file ${anonymous}   at most ${mb(peakMb)}`);
  return memory;
}

await using cluster = new LocalCluster(1, ["--storage", storage]);
await cluster.start();
const [replica] = cluster.replicas;
await cluster.leader();
const ours = await measure(`kvorum (${storage})`, replica.pid, replica.clientUrl);
await replica.end("SIGTERM");
if (await hasEtcd()) {
  await using etcd = new EtcdCluster(1);
  await etcd.ready();
  const theirs = await measure("etcd", etcd.pids[0], etcd.urls[0]);
  say(
    `ratio settled ${(ours.settledMb / theirs.settledMb).toFixed(2)}, ` +
      `at most ${(ours.peakMb / theirs.peakMb).toFixed(2)}`,
  );
} else {
  say("etcd-server is not installed: Kvorum is measured alone");
}
