import { assertEquals, assertRejects } from "@std/assert";
import { formatId } from "../../src/base/ids.ts";
import { CommandError } from "../../src/server/command_error.ts";
import { clusterIdOf, memberIdOf } from "../../src/replica/member_id.ts";
import { parseServeOptions } from "../../src/server/serve_flags.ts";

const parse = (args: string[], environment: Record<string, string> = {}) =>
  parseServeOptions(args, (name) => environment[name]);

Deno.test("parseServeOptions() has etcd's defaults", async () => {
  const options = await parse([]);
  assertEquals(options.name, "default");
  assertEquals(options.dataDir, "default.kvorum");
  assertEquals(options.listenClientUrls, ["http://localhost:2379"]);
  assertEquals(options.advertiseClientUrls, ["http://localhost:2379"]);
  assertEquals(options.initialMembers.map(({ name, peerUrls }) => [name, peerUrls]), [
    ["default", ["http://localhost:2380"]],
  ]);
  assertEquals([options.heartbeatIntervalMs, options.electionTimeoutMs], [100, 1_000]);
});

Deno.test("parseServeOptions() reads the limits of requests and connections", async () => {
  const { clientPort } = await parse([
    ...["--max-request-bytes", "1000", "--max-txn-ops", "9", "--max-concurrent-streams", "7"],
    ...["--grpc-keepalive-min-time", "1s", "--grpc-keepalive-interval", "0"],
  ]);
  assertEquals(clientPort.kv, { requestBytesMax: 1_000, txnOperationsMax: 9 });
  assertEquals(clientPort.http2, {
    streamsMax: 7,
    messageBytesMax: 1_000 + 524_288,
    pingMinTimeMs: 1_000,
    pingIntervalMs: 2 ** 31 - 1,
    pingTimeoutMs: 20_000,
  });
});

Deno.test("parseServeOptions() gives every member of a cluster the same identities", async () => {
  const cluster = "a=http://h1:1,b=http://h2:1,c=http://h3:1,c=http://h3:2";
  const options = await parse(
    ["--name", "c", "--initial-cluster", cluster],
    { ETCD_INITIAL_ADVERTISE_PEER_URLS: "http://h3:2,http://h3:1" },
  );
  assertEquals(options.initialMembers.length, 3);
  assertEquals(options.memberId, options.initialMembers[2].id);
  const other = await parse(
    ["--name", "a", "--initial-cluster", cluster, "--initial-advertise-peer-urls", "http://h1:1"],
  );
  assertEquals(other.initialMembers, options.initialMembers);
});

Deno.test("parseServeOptions() refuses what cannot work and says what to do", async () => {
  const own = ["--initial-advertise-peer-urls", "http://h1:1"];
  const cases: [string[], string][] = [
    [["--initial-cluster", "a=http://h1:1", "--name", "b", ...own], "does not name this replica"],
    [["--initial-cluster", "a=http://h2:1", "--name", "a", ...own], "make them the same"],
    [["--initial-cluster", "http://h1:1"], "must be NAME=URL,NAME=URL"],
    [["--listen-client-urls", "ftp://x"], "write it as http://host:port"],
    [["--listen-client-urls", "http://x:1/path"], "write it as http://host:port"],
    [["--listen-peer-urls", ""], "needs at least one URL"],
    [["--listen-client-urls", "https://localhost:1"], "needs both --cert-file and --key-file"],
    [["--cert-file", "x"], "needs both --cert-file and --key-file"],
    [["--listen-peer-urls", "https://localhost:1"], "both --peer-cert-file and --peer-key-file"],
    [["--election-timeout", "499"], "at least five heartbeat intervals (500)"],
    [["--election-timeout", "50001"], "at most 50000"],
    [["--max-request-bytes", "1572865"], "must be at most 1572864"],
    [["--grpc-keepalive-min-time", "5"], "must be a duration like 10s"],
    [["--feature-gates", "Nonsense=true"], 'has no "Nonsense"'],
    [["--tls-min-version", "TLS1.1"], "must be TLS1.2 or TLS1.3"],
    [["--discovery-token", "t"], "there is no discovery"],
    [["--storage", "paper"], "must be one of deno-kv, file, memory"],
    [["--initial-cluster-state", "old"], "must be one of new, existing"],
  ];
  for (const [args, message] of cases) {
    await assertRejects(() => parse(args), CommandError, message);
  }
});

Deno.test("memberIdOf() and clusterIdOf() agree with etcd", async () => {
  const member = await memberIdOf(["https://localhost:20001"], "new");
  assertEquals(formatId(member), "a8f3458387986d");
  assertEquals(formatId(await clusterIdOf([member])), "34c21a2d427db393");
});
