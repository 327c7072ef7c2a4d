import { assertEquals, assertRejects } from "@std/assert";
import { CommandError } from "../../src/server/command_error.ts";
import { parseServeOptions } from "../../src/server/serve_flags.ts";

/** Reads options from a file with this text. */
async function optionsOf(text: string, args: string[] = [], environment = {}) {
  const path = await Deno.makeTempFile({ prefix: "kvorum-config-" });
  try {
    await Deno.writeTextFile(path, text);
    const variables: Record<string, string> = { ETCD_CONFIG_FILE: path, ...environment };
    return await parseServeOptions(args, (name) => variables[name]);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("configFileFlags() reads flags, sections, lists and nanoseconds", async () => {
  const options = await optionsOf(`
name: 'n1'
data-dir: /data
wal-dir:
cors:
log-outputs: [stderr, stdout]
auto-compaction-mode: periodic
auto-compaction-retention: "1"
corrupt-check-time: 60000000000
strict-reconfig-check: false
peer-transport-security:
  auto-tls: true
  allowed-cn: [a, b]
`);
  assertEquals([options.name, options.dataDir, options.isStrict], ["n1", "/data", false]);
  assertEquals(options.log.outputs, ["stderr", "stdout"]);
  assertEquals(options.upkeep.hashCheckIntervalMs, 60_000);
  assertEquals(options.upkeep.compaction, { mode: "periodic", retentionMs: 3_600_000 });
  assertEquals(options.peerTls?.files.certFile, "/data/fixtures/peer/cert.pem");
  assertEquals(options.peerTls?.files.rules.commonNames, ["a", "b"]);
  assertEquals(options.clientTls, null);
});

Deno.test("configFileFlags() stands for all other flags and variables", async () => {
  const options = await optionsOf("name: file", ["--name", "flag", "--data-dir", "x"], {
    ETCD_MAX_LEARNERS: "7",
  });
  assertEquals([options.name, options.learnersMax], ["file", 1]);
  assertEquals((await optionsOf("")).name, "default");
});

Deno.test("configFileFlags() refuses what it cannot use", async () => {
  const cases = [
    ["name: [", "Cannot read --config-file"],
    ["- name", "must hold names of flags"],
    ["no-such: 1", "Unknown flag --no-such=1"],
    ["name: {a: 1}", 'more in "name" than one value'],
    ["wal-dir: /wal", "--wal-dir /wal is not possible"],
  ];
  for (const [text, message] of cases) {
    await assertRejects(() => optionsOf(text), CommandError, message);
  }
  const missing = () => parseServeOptions(["--config-file=/nowhere"], () => undefined);
  await assertRejects(missing, CommandError, "Cannot read --config-file /nowhere");
});

Deno.test("withoutExperiments() reads etcd's experimental flags", async () => {
  const options = await parseServeOptions([
    "--experimental-corrupt-check-time=1m",
    "--experimental-initial-corrupt-check",
    "--feature-gates=CompactHashCheck=true",
    "--experimental-max-learners",
    "3",
  ], () => undefined);
  assertEquals([options.upkeep.hashCheckIntervalMs, options.learnersMax], [60_000, 3]);
  assertEquals(options.idleGates.map(({ name }) => name), ["CompactHashCheck"]);
  assertEquals(options.checksDataAtStart, true);
});
