import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Authority, writeFiles } from "../server/authority.ts";
import { freePorts } from "./free_ports.ts";
import { LocalCluster, ServerProcess } from "./local_cluster.ts";

const KEYS = 60;
/** A removed replica waits for elections before it stops. */
const FLAGS = ["--storage", "file", "--heartbeat-interval", "50", "--election-timeout", "500"];
const REMOVED = "the member has been permanently removed from the cluster";

interface Members {
  readonly member?: { readonly ID: string };
  readonly members: readonly {
    readonly ID: string;
    readonly name?: string;
    readonly peerURLs: readonly string[];
    readonly isLearner?: boolean;
  }[];
}

/** Calls until the cluster agrees: it may not know yet that all is well. */
async function insist<T>(replica: ServerProcess, path: string, body: unknown): Promise<T> {
  for (;;) {
    const answer = await replica.call<T>(path, body);
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function put(replica: ServerProcess, i: number): Promise<unknown> {
  return insist(replica, "/v3/kv/put", { key: btoa(`key ${i}`), value: btoa(`${i}`) });
}

async function keysAt(replica: ServerProcess): Promise<number> {
  const all = { key: btoa("key"), range_end: btoa("kez"), count_only: true };
  return Number((await insist<{ count?: string }>(replica, "/v3/kv/range", all)).count);
}

/** The flags for TLS between replicas that have one certificate among them. */
async function tlsFlags(dir: string): Promise<string[]> {
  const authority = await Authority.found("cluster");
  const files = await writeFiles(dir, await authority.issue(), authority);
  return [
    ...["--peer-cert-file", files.certFile, "--peer-key-file", files.keyFile],
    ...["--peer-trusted-ca-file", files.trustedCaFile, "--peer-client-cert-auth"],
  ];
}

Deno.test("kvorum serve joins over TLS as a learner, is promoted, and others are removed", async () => {
  await using cleanup = new AsyncDisposableStack();
  const certificates = await Deno.makeTempDir({ prefix: "kvorum-e2e-tls-" });
  cleanup.defer(() => Deno.remove(certificates, { recursive: true }));
  const flags = [...FLAGS, ...await tlsFlags(certificates)];
  await using cluster = new LocalCluster(3, [...flags, "--snapshot-count", "20"]);
  await cluster.start();
  const [n1, n2, n3] = cluster.replicas;
  for (let i = 0; i < KEYS; i++) await put(n1, i);

  const [client, peer] = freePorts(2).map((port, i) =>
    `http${i === 0 ? "" : "s"}://127.0.0.1:${port}`
  );
  const founders = await insist<Members>(n1, "/v3/cluster/member/list", {});
  const names = founders.members.map(({ name, peerURLs }) => `${name}=${peerURLs[0]}`);
  const n4 = new ServerProcess("n4", client, [
    ...["--name", "n4", "--data-dir", `${cluster.dataDir(n1)}-n4`, ...flags],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
    ...["--initial-cluster", `${names.join()},n4=${peer}`, "--initial-cluster-state", "existing"],
  ]);
  await using running = new AsyncDisposableStack();
  running.defer(async () => {
    if (n4.isRunning) await n4.end("SIGKILL");
  });
  // A stranger is told what to do, and asks again for a while before it gives up.
  n4.start();
  assertEquals((await n4.exited()).code, 1);
  assertStringIncludes(n4.lines.at(-1) ?? "", "the cluster has no member at");

  const added = await insist<Members>(n1, "/v3/cluster/member/add", {
    peerURLs: [peer],
    isLearner: true,
  });
  const id = added.member?.ID;
  assertEquals(added.members.find(({ ID }) => ID === id)?.isLearner, true);
  n4.start();
  await n4.line("installed snapshot");
  await n4.line("ready to serve");
  const refusal = await fetch(`${client}/v3/kv/put`, { method: "POST", body: '{"key":"Zm9v"}' });
  assertStringIncludes(await refusal.text(), "etcdserver: rpc not supported for learner");
  const promoted = await insist<Members>(n2, "/v3/cluster/member/promote", { ID: id });
  assertEquals(promoted.members.find(({ ID }) => ID === id)?.name, "n4");
  assertEquals(await keysAt(n4), KEYS);

  // One that is down is removed, and learns it when it comes back.
  const idOf = (name: string) => founders.members.find((member) => member.name === name)?.ID;
  await n2.end("SIGKILL");
  await insist(n4, "/v3/cluster/member/remove", { ID: idOf("n2") });
  n2.start();
  assertEquals((await n2.exited()).code, 1);
  assert(n2.lines.some((line) => line.includes(REMOVED)));

  // One that runs stops by itself, also when it is the one that was asked.
  const left = await insist<Members>(n3, "/v3/cluster/member/remove", { ID: idOf("n3") });
  assertEquals(left.members.length, 2);
  assertEquals((await n3.exited()).code, 1);
  assert(n3.lines.some((line) => line.includes(REMOVED)));

  for (let i = KEYS; i < KEYS + 10; i++) await put(i % 2 === 0 ? n1 : n4, i);
  for (const replica of [n1, n4]) assertEquals(await keysAt(replica), KEYS + 10);
  // It knows who it is, whatever its flags say.
  assertEquals((await n4.end("SIGTERM")).code, 0);
  const seen = n4.lines.length;
  n4.start();
  await n4.line("ready to serve", seen);
  assertEquals(await keysAt(n4), KEYS + 10);
  await n4.end("SIGTERM");
});
