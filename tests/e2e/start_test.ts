import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePortBlock, freePorts } from "./free_ports.ts";
import { LocalCluster, ServerProcess } from "./local_cluster.ts";

const MAIN = new URL("../../src/server/main.ts", import.meta.url).href;

/** The ports of three replicas, counted from the first. */
const START_OFFSETS = [0, 1, 10, 11, 20, 21];

function kvorum(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--unstable-kv", MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the command to its end and answers its exit code and what it wrote to standard error. */
async function run(args: readonly string[]): Promise<{ code: number; errors: string }> {
  const { code, stderr } = await kvorum(args).output();
  return { code, errors: new TextDecoder().decode(stderr) };
}

/** Runs `kvorum start` until it says that it is ready, then `body`, then stops it with SIGINT. */
async function whileStarted(args: readonly string[], body: () => Promise<void>): Promise<string> {
  const child = kvorum(["start", ...args]).spawn();
  const errors = new Response(child.stderr).text();
  let said = "";
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.includes("Ready.")) ready.resolve();
    }
    ready.reject(new Error(`kvorum start ended early:\n${said}\n${await errors}`));
  })();
  await ready.promise;
  try {
    await body();
  } finally {
    child.kill("SIGINT");
    const { code } = await child.status;
    await reading;
    assertEquals(code, 0);
    assertEquals(await errors, "");
  }
  return said;
}

Deno.test("kvorum start runs three replicas, prints curl lines that work, and keeps the data", async () => {
  const data = await Deno.makeTempDir({ prefix: "kvorum-start-" });
  const port = freePortBlock(START_OFFSETS);
  const args = ["--port", String(port), "--data", data];
  const said = await whileStarted(args, async () => {
    const put = new ServerProcess("n1", `http://127.0.0.1:${port}`, []);
    assert(await put.call("/v3/kv/put", { key: "Zm9v", value: "YmFy" }) !== null);
  });
  assertMatch(said, /n\d leads, term \d+/);
  const curls = said.split("\n").filter((line) => line.trim().startsWith("curl"));
  assertEquals(curls.length, 3);
  assertStringIncludes(curls[0], `http://127.0.0.1:${port}/v3/kv/put`);
  await whileStarted(args, async () => {
    const get = new ServerProcess("n3", `http://127.0.0.1:${port + 20}`, []);
    const answer = await get.call<{ kvs?: { value: string }[] }>("/v3/kv/range", { key: "Zm9v" });
    assertEquals(answer?.kvs?.[0].value, "YmFy");
  });
  await Deno.remove(data, { recursive: true });
});

Deno.test("kvorum start --replicas 1 runs a single replica that serves", async () => {
  const data = await Deno.makeTempDir({ prefix: "kvorum-start-" });
  const port = freePortBlock(START_OFFSETS);
  await whileStarted(["--replicas", "1", "--port", String(port), "--data", data], async () => {
    const replica = new ServerProcess("n1", `http://127.0.0.1:${port}`, []);
    assert(await replica.call("/v3/kv/put", { key: "Zm9v", value: "YmFy" }) !== null);
  });
  await Deno.remove(data, { recursive: true });
});

Deno.test("kvorum tells a mistake in one line that says what to do", async () => {
  const data = await Deno.makeTempDir({ prefix: "kvorum-start-" });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const cases: [string[], RegExp][] = [
    [["start", "--prot", "1"], /^kvorum: Unknown flag --prot: .*--help$/],
    [["start", "--replicas", "9"], /^kvorum: --replicas must be from 1 to 7: it is 9$/],
    [["start", "--port"], /^kvorum: Flag --port needs a value: --port VALUE$/],
    [
      ["start", "--port", `${port}`, "--data", data],
      /^kvorum: Port \d+ .* is taken .* choose another/,
    ],
    [
      ["start", "--port", `${freePortBlock(START_OFFSETS)}`, "--data", "/dev/null/data"],
      /^kvorum: Cannot write to/,
    ],
    [["serve", "--election-timeout", "100"], /^kvorum: --election-timeout must be at least/],
    [["serve", "--storage", "paper"], /^kvorum: --storage must be one of deno-kv, file, memory/],
    [["launch"], /^kvorum: Unknown command "launch"/],
  ];
  for (const [args, expected] of cases) {
    const { code, errors } = await run(args);
    assertEquals(code, 1, args.join(" "));
    const lines = errors.trim().split("\n");
    assertEquals(lines.length, 1, errors);
    assertMatch(lines[0], expected);
  }
  await Deno.remove(data, { recursive: true });
});

Deno.test("kvorum serve refuses damaged data by name, and leaves it as it is", async () => {
  for (const storage of ["deno-kv", "file"]) {
    await using cluster = new LocalCluster(1, ["--storage", storage]);
    await cluster.start();
    const [replica] = cluster.replicas;
    await replica.call("/v3/kv/put", { key: "Zm9v", value: "YmFy" });
    assertEquals((await replica.end("SIGTERM")).code, 0);
    const path = await largestFile(cluster.dataDir(replica));
    const bytes = await Deno.readFile(path);
    // The very beginning: no torn tail can explain that.
    bytes.fill(0x55, 0, 64);
    await Deno.writeFile(path, bytes);
    replica.start();
    assertEquals((await replica.exited()).code, 1);
    const complaint = replica.lines[replica.lines.length - 1];
    assertStringIncludes(complaint, path.split("/").at(-1) as string);
    assertEquals(await Deno.readFile(path), bytes, "the evidence is kept");
  }
});

Deno.test("kvorum serve refuses a peer of another cluster, and both sides say why", async () => {
  const [peerA, peerB, clientA, clientB] = freePorts(4).map((port) => `http://127.0.0.1:${port}`);
  const data = await Deno.makeTempDir({ prefix: "kvorum-token-" });
  const replicas = [["a", peerA, clientA], ["b", peerB, clientB]].map(([name, peer, client]) =>
    new ServerProcess(name, client, [
      ...["--name", name, "--data-dir", `${data}/${name}`, "--storage", "memory"],
      ...["--listen-client-urls", client, "--listen-peer-urls", peer],
      ...["--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `a=${peerA},b=${peerB}`, "--initial-cluster-token", `token-${name}`],
    ])
  );
  for (const replica of replicas) replica.start();
  await Promise.all(replicas.map(async (replica) => {
    const line = await Promise.race([
      replica.line('"rejected peer"'),
      replica.line('"rejected by peer"'),
    ]);
    assertStringIncludes(line, "cluster ID mismatch");
    assertStringIncludes(line, "--initial-cluster-token");
  }));
  for (const replica of replicas) await replica.end("SIGTERM");
  await Deno.remove(data, { recursive: true });
});

async function largestFile(directory: string): Promise<string> {
  let largest = { path: "", size: -1 };
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) {
      const inner = await largestFile(path);
      const { size } = await Deno.stat(inner);
      if (size > largest.size) largest = { path: inner, size };
    } else {
      const { size } = await Deno.stat(path);
      if (size > largest.size) largest = { path, size };
    }
  }
  return largest.path;
}
