// Whoever starts etcd for tests knows its process by the id that it got, and reads its log as JSON.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePorts } from "../e2e/free_ports.ts";

const ETCD = new URL("../../tools/etcd", import.meta.url).pathname;

/** A start as etcd's own tests do it: hardly any environment, one stream for all that is said. */
function etcd(args: readonly string[]): Deno.Command {
  return new Deno.Command(ETCD, {
    args: [...args],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", ETCD_UNSUPPORTED_ARCH: "arm64" },
    cwd: "/",
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** The state of a process, as `ps` has it: T for a stopped one. */
async function stateOf(pid: number): Promise<string> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
    .output();
  return new TextDecoder().decode(stdout).trim();
}

function flagsOf(dir: string): { url: string; flags: string[] } {
  const [client, peer] = freePorts(2).map((port) => `http://localhost:${port}`);
  const flags = [
    ...["--name=TestX-test-0", `--data-dir=${dir}/data`, "--snapshot-count=10000"],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    ...[`--initial-cluster=TestX-test-0=${peer}`, "--initial-cluster-state=new"],
    ...["--initial-cluster-token=new", "--log-level=debug", "--backend-batch-limit=100"],
  ];
  return { url: client, flags };
}

Deno.test("tools/etcd serves in its own process, which signals reach, and logs JSON alone", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-etcd-" });
  const { url, flags } = flagsOf(dir);
  const child = etcd(flags).spawn();
  const said = new Response(child.stdout).text();
  let log = "";
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      if (log.includes("ready to serve client requests")) ready.resolve();
    }
    ready.reject(new Error(log));
  })();
  await ready.promise;
  const call = async (path: string, body: unknown) => {
    const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body) });
    assertEquals(response.status, 200);
    return await response.json();
  };
  await call("/v3/kv/put", { key: "Zm9v", value: "YmFy" });
  child.kill("SIGSTOP");
  assertMatch(await stateOf(child.pid), /^T/);
  const late = call("/v3/kv/range", { key: "Zm9v" });
  child.kill("SIGCONT");
  assertEquals((await late).kvs[0].value, "YmFy");
  assertMatch(await stateOf(child.pid), /^[^T]/);
  child.kill("SIGTERM");
  assertEquals((await child.status).signal, "SIGTERM");
  await reading;
  assertEquals(await said, "");
  const lines = log.trim().split("\n").map((line) => JSON.parse(line));
  for (const { level, ts, caller, msg } of lines) {
    assert(level && caller && msg, `${level} ${caller} ${msg}`);
    assert(level !== "error", msg);
    assertMatch(ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  }
  assertEquals(
    lines.filter(({ msg }) => msg === "flag without effect").map(({ flag }) => flag),
    ["backend-batch-limit"],
  );
  await Deno.remove(dir, { recursive: true });
});

Deno.test("tools/etcd says its version as etcd does, and refuses flags that it does not know", async () => {
  const { code, stdout } = await etcd(["--version"]).output();
  assertEquals(code, 0);
  assertMatch(
    new TextDecoder().decode(stdout),
    /^etcd Version: \d+\.\d+\.\d+\nGit SHA: .+\nGo Version: .+\nGo OS\/Arch: \w+\/\w+\n$/,
  );
  for (const flag of ["--no-such-flag", "--pre-vote=false", "--log-outputs=/dev/null/log"]) {
    const refused = await etcd([flag]).output();
    assertEquals(refused.code, 1);
    assertStringIncludes(new TextDecoder().decode(refused.stderr), "etcd: ");
  }
});
