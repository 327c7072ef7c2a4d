import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { freePorts } from "./free_ports.ts";
import { LocalCluster, ServerProcess } from "./local_cluster.ts";

const MAIN = new URL("../../src/server/main.ts", import.meta.url).href;

/** Runs `kvorum snapshot …` to its end. */
async function snapshot(...args: string[]): Promise<{ code: number; said: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--unstable-kv", MAIN, "snapshot", ...args],
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

interface RangeAnswer {
  readonly header: { readonly revision: string; readonly cluster_id: string };
  readonly kvs: readonly { readonly key: string; readonly value: string }[];
}

const ALL = { key: btoa("\0"), range_end: btoa("\0") };

Deno.test("kvorum snapshot copies a running cluster, and begins new ones from the copy", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-snapshot-" });
  const file = `${dir}/copy.snap`;
  let expected: RangeAnswer | null;
  {
    await using cluster = new LocalCluster(1, ["--storage", "memory"]);
    await cluster.start();
    const [replica] = cluster.replicas;
    for (let i = 0; i < 30; i++) {
      await replica.call("/v3/kv/put", {
        key: btoa(`key ${i % 9}`),
        value: btoa(`${i}`.repeat(9)),
      });
    }
    await replica.call("/v3/kv/compaction", { revision: "12" });
    expected = await replica.call<RangeAnswer>("/v3/kv/range", ALL);
    const saved = await snapshot("save", file, "--endpoint", replica.clientUrl);
    assertEquals(saved.code, 0, saved.said);
  }
  assertEquals((await Deno.stat(file)).size % 512, 32);
  const status = await snapshot("status", file);
  assertStringIncludes(status.said, "revision   31\nkeys       9\n");

  const ports = freePorts(4).map((port) => `http://127.0.0.1:${port}`);
  const members = ["a", "b"].map((name, i) => ({
    name,
    storage: ["file", "deno-kv"][i],
    client: ports[2 * i],
    peer: ports[2 * i + 1],
  }));
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join();
  const replicas = await Promise.all(members.map(async ({ name, storage, client, peer }) => {
    const who = ["--name", name, "--data-dir", `${dir}/${name}`, "--storage", storage];
    who.push("--initial-cluster", cluster, "--initial-advertise-peer-urls", peer);
    who.push("--initial-cluster-token", "restored");
    const restored = await snapshot("restore", file, ...who);
    assertEquals(restored.code, 0, restored.said);
    const again = await snapshot("restore", file, ...who);
    assertStringIncludes(again.said, `The data directory ${dir}/${name} exists`);
    const urls = ["--listen-client-urls", client, "--advertise-client-urls", client];
    return new ServerProcess(name, client, [...who, ...urls, "--listen-peer-urls", peer]);
  }));
  await using cleanup = new AsyncDisposableStack();
  for (const replica of replicas) {
    replica.start();
    cleanup.defer(async () => {
      if (replica.isRunning) await replica.end("SIGKILL");
    });
  }
  await Promise.all(replicas.map((replica) => replica.line("ready to serve")));
  for (const replica of replicas) {
    const found = await replica.call<RangeAnswer>("/v3/kv/range", ALL);
    assertEquals(found?.kvs, expected?.kvs);
    assertEquals(found?.header.revision, expected?.header.revision);
    assert(found?.header.cluster_id !== expected?.header.cluster_id);
  }
  const put = await replicas[0].call("/v3/kv/put", { key: btoa("key 1"), value: btoa("new") });
  assert(put !== null);
  const old = await replicas[1].call<RangeAnswer>("/v3/kv/range", {
    key: btoa("key 1"),
    revision: "31",
  });
  assertEquals(old?.kvs[0].value, btoa("28".repeat(9)));
  for (const replica of replicas) await replica.end("SIGTERM");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("kvorum snapshot refuses a damaged file by its name", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-snapshot-" });
  const file = `${dir}/copy.snap`;
  {
    await using cluster = new LocalCluster(1, ["--storage", "memory"]);
    await cluster.start();
    await snapshot("save", file, "--endpoint", cluster.replicas[0].clientUrl);
  }
  const bytes = await Deno.readFile(file);
  bytes[bytes.length >> 1] ^= 1;
  await Deno.writeFile(file, bytes);
  const cases: [string[], string][] = [
    [["status", file], `The snapshot ${file} is damaged`],
    [["restore", file, "--data-dir", `${dir}/data`], `The snapshot ${file} is damaged`],
    [["status", `${dir}/none`], `Cannot read the snapshot ${dir}/none`],
    [["save", file, "--endpoint", `http://127.0.0.1:${freePorts(1)[0]}`], "Cannot save a snapshot"],
    [["restore", file, "--storage", "memory"], "--storage memory keeps nothing"],
    [["copy", file], 'Unknown command "snapshot copy"'],
    [["save"], "Write it as: kvorum snapshot save|status|restore FILE"],
  ];
  for (const [args, expected] of cases) {
    const { code, said } = await snapshot(...args);
    assertEquals(code, 1);
    assertStringIncludes(said, expected);
  }
  assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["copy.snap"]);
  await Deno.remove(dir, { recursive: true });
});
