import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ctl, isCtl } from "../../../src/server/ctl/ctl.ts";
import { LocalReplica } from "../../api/local_replica.ts";
import { freePorts } from "../../e2e/free_ports.ts";
import { LocalCluster } from "../../e2e/local_cluster.ts";
import { ServedReplica } from "../../client/served_replica.ts";
import { FakeTerminal, Person } from "./fake_terminal.ts";

async function withPerson(
  run: (person: Person, replica: LocalReplica, url: string) => Promise<void>,
): Promise<void> {
  const replica = new LocalReplica();
  await using served = new ServedReplica(replica);
  await run(new Person(served.url), replica, served.url);
}

Deno.test("kvorum put, get and del work on keys in every form", () =>
  withPerson(async (person) => {
    assertEquals(await person.says("put a one"), "OK\n");
    assertEquals(await person.says("put b", "from\nstdin"), "OK\n");
    assertEquals(await person.says("put a 1 --prev-kv"), "OK\na\none\n");
    assertEquals(await person.says("get a"), "a\n1\n");
    assertEquals(await person.says("get a --rev=2"), "a\none\n");
    assertEquals(await person.says("get b --print-value-only"), "from\nstdin\n");
    assertEquals(await person.says("get  --prefix --keys-only"), "a\nb\n");
    assertEquals(await person.says("get a c --limit 1"), "a\n1\n");
    assertEquals(await person.says("get b --from-key --keys-only"), "b\n");
    assertEquals(
      await person.says("get  --prefix --keys-only --sort-by create --order descend"),
      "b\na\n",
    );
    assertEquals(await person.says("get  --prefix --count-only"), "2\n");
    assertEquals(await person.says("get nothing"), "");
    assertEquals(await person.says("del a --prev-kv"), "1\na\n1\n");
    assertEquals(await person.says("del  --prefix"), "1\n");
  }));

Deno.test("kvorum answers with JSON where it is asked to, bytes included", () =>
  withPerson(async (person) => {
    assertEquals(JSON.parse(await person.says("put a ü --json")), { revision: 2 });
    const { revision, count, kvs } = JSON.parse(await person.says("--json get a"));
    assertEquals([revision, count], [2, 1]);
    const numbers = { createRevision: 2, modRevision: 2, version: 1 };
    assertEquals(kvs, [{ key: "a", value: "ü", ...numbers }]);
    const raw = person.terminal();
    await ctl(["txn"], person.terminal('\nput raw "\\xff\\x00"\n\n\n'));
    assertEquals(await ctl(["get", "raw", "--print-value-only"], raw), 0);
    assertEquals([...raw.bytes].slice(-1), [10]);
    assertEquals(JSON.parse(await person.says("del a --prev-kv --json")).deleted, 1);
  }));

Deno.test("kvorum txn reads etcdctl's text", () =>
  withPerson(async (person) => {
    await person.says("put flag 1");
    const yes = await person.says(
      "txn",
      'value("flag") = "1"\nmod("flag") > "0"\n\n# then\nput flag "two words"\nget flag\n\nput no 1\n',
    );
    assertEquals(yes, "SUCCESS\n\nOK\n\nflag\ntwo words\n");
    const no = await person.says("txn", 'create("flag") = "0"\n\nput flag x\n\ndel flag --prev-kv');
    assertEquals(no, "FAILURE\n\n1\nflag\ntwo words\n");
    const json = JSON.parse(await person.says("txn --json", "\nget flag\nput k v\n\n\n"));
    assertEquals([json.succeeded, json.results[0].count, json.results[1]], [true, 0, {}]);
    assertStringIncludes(await person.fails("txn", "nonsense\n\n"), "Cannot read the condition");
    assertStringIncludes(await person.fails("txn", "\nincrement a\n\n\n"), "get, put or del");
  }));

Deno.test("kvorum watch shows changes until it is enough, and runs a program for each", () =>
  withPerson(async (person) => {
    await person.says("put w/1 one");
    const watch = person.begin("watch w/ --prefix --rev 1 --prev-kv");
    await person.says("put w/1 two");
    await person.says("del w/1");
    await watch.terminal.until("DELETE");
    watch.terminal.interrupt();
    assertEquals(await watch.code, 0);
    assertEquals(
      watch.terminal.text,
      "PUT\nw/1\none\nPUT\nw/1\none\nw/1\ntwo\nDELETE\nw/1\ntwo\nw/1\n\n",
    );
    const json = person.begin("watch w/ --prefix --rev 4 --json");
    await json.terminal.until("\n");
    json.terminal.interrupt();
    await json.code;
    const batch = { revision: 4, events: [{ type: "delete", key: "w/1" }] };
    assertEquals(JSON.parse(json.terminal.text), batch);
    const terminal = person.terminal();
    const script = 'echo "ran $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_REVISION"; exit 3';
    const code = await ctl(["watch", "w/1", "--rev", "2", "--", "sh", "-c", script], terminal);
    assertEquals([code, terminal.text], [1, 'PUT\nw/1\none\nran "PUT" "w/1" 2\n']);
    assertStringIncludes(terminal.complaint, "exit code 3");
  }));

Deno.test("kvorum lease grants, shows, renews and ends leases", () =>
  withPerson(async (person) => {
    const granted = await person.says("lease grant 100");
    assertMatch(granted, /^lease [0-9a-f]+ granted with TTL\(100s\)\n$/);
    const id = granted.split(" ")[1];
    await person.says(`put k 1 --lease ${id}`);
    const alive = await person.says(`lease keep-alive ${id} --once`);
    assertEquals(alive, `lease ${id} keepalived with TTL(100)\n`);
    const left = await person.says(`lease timetolive ${id} --keys`);
    assertEquals(left, `lease ${id} granted with TTL(100s), remaining(100s), attached keys([k])\n`);
    const [head, row] = (await person.says("lease list")).split("\n");
    assertMatch(head, /^LEASE +TTL +REMAINING +KEYS$/);
    assertMatch(row, new RegExp(`^${id} +100s +100s +1$`));
    assertEquals(await person.says(`lease revoke ${id}`), `lease ${id} revoked\n`);
    assertEquals(await person.says("get k"), "");
    assertStringIncludes(await person.fails(`lease revoke ${id}`), "see lease list");
    assertStringIncludes(await person.fails("lease revoke xyz"), "hexadecimal");
  }));

Deno.test("kvorum lock holds a lock, for a program or until it is enough", () =>
  withPerson(async (person) => {
    const first = person.begin("lock job");
    await first.terminal.until("job/");
    const second = person.terminal();
    const script = "echo $ETCD_LOCK_KEY $ETCD_LOCK_REV; exit 7";
    const code = ctl(["lock", "job", "--", "sh", "-c", script], second);
    while ((await person.says("get job/ --prefix --count-only")) !== "2\n");
    assertEquals(second.text, "");
    first.terminal.interrupt();
    assertEquals([await first.code, await code], [0, 7]);
    assertMatch(second.text, /^job\/[0-9a-f]+ \d+\n$/);
    assertEquals(await person.says("get job/ --prefix --count-only"), "0\n");
    assertEquals(await person.says("lease list --json"), `{"leases":[]}\n`);
    assertEquals(await person.says("lock job echo in"), "in\n");
  }));

Deno.test("kvorum elect leads, and shows who does", () =>
  withPerson(async (person) => {
    const ann = person.begin("elect boss ann");
    await ann.terminal.until("ann");
    const bob = person.begin("elect boss bob");
    const listener = person.begin("elect boss -l");
    await listener.terminal.until("ann\n");
    while ((await person.says("get boss/ --prefix --count-only")) !== "2\n");
    ann.terminal.interrupt();
    assertEquals(await ann.code, 0);
    await bob.terminal.until("bob");
    await listener.terminal.until("bob\n");
    for (const { terminal, code } of [bob, listener]) {
      terminal.interrupt();
      assertEquals(await code, 0);
    }
    assertStringIncludes(await person.fails("elect boss"), "--listen");
  }));

Deno.test("kvorum member changes who the replicas are", () =>
  withPerson(async (person) => {
    const added = await person.says("member add n2 --peer-urls http://127.0.0.1:1 --learner");
    const id = added.split(" ")[1];
    assertStringIncludes(added, "--initial-cluster default=http://127.0.0.1:2380,n2=http://127.0");
    await person.says(`member update ${id} --peer-urls http://127.0.0.1:2`);
    const table = await person.says("member list");
    assertMatch(table, /^ID +STATUS +NAME +PEERS +CLIENTS +LEARNER\n/);
    assertMatch(table, new RegExp(`${id} +unstarted +http://127.0.0.1:2 +true`));
    const { members } = JSON.parse(await person.says("member list --json"));
    assertEquals(members.length, 2);
    assertEquals(await person.says(`member remove ${id}`), `Member ${id} removed\n`);
    assertStringIncludes(await person.fails(`member promote ${id}`), "see member list");
    assertStringIncludes(await person.fails("member add"), "--peer-urls is missing");
  }));

Deno.test("kvorum status, alarm, compact, defrag and move-leader look after replicas", () =>
  withPerson(async (person, replica, url) => {
    await person.says("put a 1");
    await person.says("put a 2");
    const table = await person.says("status");
    assertMatch(table, /^ENDPOINT +ID +ROLE +VERSION .*\nhttp:\S+ +abc +leader +3\./);
    const { code, text } = await person.run([
      "status",
      "--endpoints",
      `${url},http://127.0.0.1:1`,
      "--command-timeout=2s",
    ]);
    assertEquals(code, 1);
    assertMatch(text, /http:..127.0.0.1:1 +\S/);
    assertEquals(JSON.parse(await person.says("status --json"))[0].revision, 3);
    replica.state.quotaBytes = 1;
    assertStringIncludes(await person.fails("put a 1"), "compact, then defrag");
    assertMatch(await person.says("alarm list"), /MEMBER +ALARM\nabc +NOSPACE\n/);
    replica.state.quotaBytes = Infinity;
    await person.says("alarm disarm");
    assertEquals(await person.says("alarm list"), "No alarms\n");
    assertEquals(await person.says("compact 3 --physical"), "compacted revision 3\n");
    assertStringIncludes(await person.fails("get a --rev 2"), "ask for a later revision");
    assertEquals(await person.says("defrag"), `Finished defragmenting ${url}\n`);
    assertEquals(await person.says("move-leader abc"), "Leadership transferred from abc to abc\n");
    const nobody = await person.fails(
      "move-leader abc --endpoints 127.0.0.1:1 --command-timeout 50ms",
    );
    assertStringIncludes(nobody, "no answer by the deadline");
  }));

Deno.test("kvorum says in one line what is wrong and what to do", () =>
  withPerson(async (person) => {
    const rows = [
      ["get", "Write it as: kvorum get KEY [END] [flags]"],
      ["get a --prefix --from-key", "exclude each other"],
      ["get a --nonsense", "Unknown flag --nonsense"],
      ["get a --sort-by BOGUS", "--sort-by must be one of KEY"],
      ["get a -- b", "Write it as"],
      ["lease", "kvorum lease grant|revoke|keep-alive|timetolive|list"],
      ["get a --command-timeout soon", "duration such as 5s"],
      ["get a --endpoints ftp://x", "http://host:port"],
      ["get a --cert x", "--cert and --key need each other"],
      ["compact now", "whole number"],
      ["completion tcsh", "use bash, zsh, fish"],
      ["get a --endpoints 127.0.0.1:1 --command-timeout 100ms", "Is a server there?"],
      ["watch a --endpoints 127.0.0.1:1 --command-timeout 100ms", "Is a server there?"],
      ["lock a --endpoints 127.0.0.1:1 --command-timeout 100ms", "Is a server there?"],
    ];
    for (const [line, text] of rows) {
      const complaint = await person.fails(line);
      assert(complaint.startsWith("kvorum: "), complaint);
      assertStringIncludes(complaint, text, line);
    }
  }));

Deno.test("kvorum takes its endpoints from a flag, then from the environment", () =>
  withPerson(async (person, _replica, url) => {
    const nowhere = "http://127.0.0.1:1";
    await person.says("put a 1");
    for (
      const [env, flags] of [
        [{ ETCDCTL_ENDPOINTS: url }, []],
        [{ KVORUM_ENDPOINTS: url, ETCDCTL_ENDPOINTS: nowhere }, []],
        [{ KVORUM_ENDPOINTS: nowhere }, [`--endpoints=${url}`]],
      ] as const
    ) {
      const terminal = new FakeTerminal({ env });
      assertEquals(await ctl([...flags, "get", "a"], terminal), 0, terminal.complaint);
      assertEquals(terminal.text, "a\n1\n");
    }
  }));

Deno.test("kvorum colours only what a terminal shows", () =>
  withPerson(async (_person, _replica, url) => {
    const env = { KVORUM_ENDPOINTS: url };
    const [plain, coloured] = [false, true].map((hasColour) =>
      new FakeTerminal({ env, hasColour })
    );
    await ctl(["status"], plain);
    await ctl(["status"], coloured);
    assert(!plain.text.includes("\x1b["));
    assertStringIncludes(coloured.text, "\x1b[32mleader");
  }));

Deno.test("isCtl() knows the commands that use a cluster, with flags before them", () => {
  assert(isCtl(["get", "a"]) && isCtl(["--endpoints", "x", "lease", "list"]) && isCtl(["lease"]));
  assert(!isCtl(["serve"]) && !isCtl(["--help"]) && !isCtl([]) && !isCtl(["nonsense"]));
});

Deno.test("kvorum completion tells bash what can follow", async () => {
  const terminal = new FakeTerminal();
  assertEquals(await ctl(["completion", "bash"], terminal), 0);
  const complete = async (...words: string[]) => {
    const script = `${terminal.text}
COMP_WORDS=(kvorum ${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length}
_kvorum; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  assertEquals(await complete("lea"), "lease");
  assertEquals(await complete("lease", "k"), "keep-alive");
  assertEquals(await complete("get", "key", "--pre"), "--prefix");
  assertEquals(await complete("lease", "grant", "--endp"), "--endpoints");
  for (const shell of ["zsh", "fish"]) {
    const other = new FakeTerminal();
    assertEquals(await ctl(["completion", shell], other), 0);
    assertStringIncludes(other.text, "keep-alive");
  }
});

Deno.test("kvorum shows its certificate to a server behind TLS, and trusts whom it is told to", async () => {
  const pem = (name: string) => new URL(`../../vectors/tls/${name}`, import.meta.url).pathname;
  const [port] = freePorts(1);
  const url = `https://127.0.0.1:${port}`;
  await using cluster = new LocalCluster(1, [
    ...["--storage", "memory", "--heartbeat-interval", "10", "--election-timeout", "50"],
    ...["--listen-client-urls", url, "--advertise-client-urls", url],
    ...["--cert-file", pem("server.crt"), "--key-file", pem("server.key")],
    ...["--trusted-ca-file", pem("ca.crt"), "--client-cert-auth"],
  ]);
  await cluster.start();
  const person = new Person(`127.0.0.1:${port}`);
  const identity = [
    "--cacert",
    pem("ca.crt"),
    "--cert",
    pem("client.crt"),
    "--key",
    pem("client.key"),
  ];
  assertEquals(await person.run(["put", "a", "1", ...identity]), {
    code: 0,
    text: "OK\n",
    complaint: "",
  });
  const stranger = await person.fails(`get a --endpoints ${url} --command-timeout 1s`);
  assertStringIncludes(stranger, "--cacert");
  assertStringIncludes(await person.fails("get a --cacert /nowhere"), "--cacert cannot be read");
});
