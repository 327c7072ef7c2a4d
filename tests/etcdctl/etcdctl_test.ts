/**
 * Debian's etcdctl against Kvorum and against etcd: the same commands in the same order must get the
 * same answers, revisions, texts and exit codes included. Identities, addresses and times are
 * replaced.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EtcdProcess } from "../conformance/etcd_process.ts";
import { freePorts } from "../e2e/free_ports.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { COMMANDS } from "./commands.ts";
import { type Command, etcdctl, hasEtcdctl } from "./etcdctl.ts";
import { Session } from "./session.ts";

/** A single replica elects itself as fast as it likes. */
const QUICK = ["--storage", "memory", "--heartbeat-interval", "10", "--election-timeout", "50"];

const installed = hasEtcdctl() && EtcdProcess.isInstalled();
const condition = installed ? "" : " (left out: etcd and etcdctl are not installed here)";

for (const [name, commands] of Object.entries(COMMANDS)) {
  Deno.test({
    name: `etcdctl gets from Kvorum what it gets from etcd: ${name}${condition}`,
    ignore: !installed,
    async fn() {
      await using etcd = await EtcdProcess.start();
      await using cluster = new LocalCluster(1, QUICK);
      await cluster.start();
      const ours = new Session(cluster.replicas[0].clientUrl);
      const theirs = new Session(etcd.clientUrl);
      for (const command of commands) {
        const [actual, expected] = await Promise.all([ours.run(command), theirs.run(command)]);
        assertEquals(actual, expected);
      }
    },
  });
}

/** Commands that are tried elsewhere, or speak to no server. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "check datascale": "it takes minutes, and says whether a machine is fast enough",
  "check perf": "it takes a minute, and says whether a machine is fast enough",
  "completion bash": "it speaks to no server",
  "completion fish": "it speaks to no server",
  "completion powershell": "it speaks to no server",
  "completion zsh": "it speaks to no server",
  "help": "it speaks to no server",
  "make-mirror": "together_test.ts",
  "migrate": "it reads the files of etcd's old store",
  "snapshot restore": "it writes files of etcd: `kvorum snapshot restore` does it for Kvorum's",
  "snapshot status": "it reads files of etcd: `kvorum snapshot status` does it for Kvorum's",
  "version": "it speaks to no server",
};

const withEtcdctl = hasEtcdctl();
const left = withEtcdctl ? "" : " (left out: etcdctl is not installed here)";

Deno.test({
  name: `COMMANDS has every command of etcdctl, but for those that are elsewhere${left}`,
  ignore: !withEtcdctl,
  async fn() {
    const { stdout } = await etcdctl("", { args: ["--help"] });
    const commands = /^COMMANDS:\n([^]*?)\n\n/m.exec(stdout)?.[1].split("\n") ?? [];
    const names = commands.map((line) => line.trim().split("\t")[0]);
    assert(names.includes("put"));
    const tried = Object.values(COMMANDS).flat().map(({ args }) => args.join(" ") + " ");
    const missing = names.filter((name) =>
      !(name in ELSEWHERE) && !tried.some((line) => line.startsWith(`${name} `))
    );
    assertEquals(missing, []);
  },
});

Deno.test({
  name: `etcdctl moves leadership, saves a snapshot and waits for a lock${left}`,
  ignore: !withEtcdctl,
  async fn(t) {
    await using cluster = new LocalCluster(3, ["--storage", "memory"]);
    await cluster.start();
    const leader = await cluster.leader();
    const all = cluster.replicas.map(({ clientUrl }) => clientUrl).join(",");

    await t.step("move-leader", async () => {
      const list = await etcdctl(all, { args: ["member", "list"] });
      const follower = list.stdout.split("\n").find((line) => !line.includes(leader.clientUrl));
      const id = (follower ?? "").split(",")[0];
      const { code, stdout } = await etcdctl(all, { args: ["move-leader", id] });
      assertEquals(code, 0);
      assertMatch(stdout, new RegExp(`^Leadership transferred from [0-9a-f]+ to ${id}\n$`));
      const moved = await cluster.leader();
      assertStringIncludes(follower ?? "", moved.clientUrl);
    });

    await t.step("snapshot save", async () => {
      const dir = await Deno.makeTempDir({ prefix: "kvorum-etcdctl-" });
      const { code, stdout } = await etcdctl(leader.clientUrl, {
        args: ["snapshot", "save", `${dir}/saved`],
      });
      assertEquals([code, stdout], [0, `Snapshot saved at ${dir}/saved\n`]);
      // As etcd's: whole pages and a digest of 32 bytes.
      assertEquals((await Deno.stat(`${dir}/saved`)).size % 512, 32);
      await Deno.remove(dir, { recursive: true });
    });

    await t.step("lock", async () => {
      const lock: Command = { args: ["lock", "mutex", "--", "sh", "-c", "echo in; echo out"] };
      const results = await Promise.all(
        cluster.replicas.map(({ clientUrl }) => etcdctl(clientUrl, lock)),
      );
      assertEquals(results.map(({ stdout }) => stdout), ["in\nout\n", "in\nout\n", "in\nout\n"]);
    });
  },
});

Deno.test({
  name: `etcdctl is served behind TLS if it shows the right certificate${left}`,
  ignore: !withEtcdctl,
  async fn() {
    const pem = (name: string) => new URL(`../vectors/tls/${name}`, import.meta.url).pathname;
    const [port] = freePorts(1);
    const url = `https://127.0.0.1:${port}`;
    await using cluster = new LocalCluster(1, [
      ...QUICK,
      ...["--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--cert-file", pem("server.crt"), "--key-file", pem("server.key")],
      ...["--trusted-ca-file", pem("ca.crt"), "--client-cert-auth"],
    ]);
    await cluster.start();
    const as = (name: string, ...args: string[]) =>
      etcdctl(url, {
        args: [
          ...["--cacert", pem("ca.crt"), "--cert", pem(`${name}.crt`), "--key", pem(`${name}.key`)],
          ...args,
        ],
      });
    assertEquals((await as("client", "put", "a", "1")).stdout, "OK\n");
    assertEquals((await as("client", "get", "a")).stdout, "a\n1\n");
    const stranger = await as("stranger", "get", "a", "--command-timeout=1s");
    assertEquals([stranger.code, stranger.stdout], [1, ""]);
    await cluster.replicas[0].line("rejected connection on client endpoint");
  },
});
