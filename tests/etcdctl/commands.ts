import type { Command } from "./etcdctl.ts";

/** A command line without anything special. */
function run(line: string, stdin?: string): Command {
  const args = line.split(" ").map((arg) => arg.replaceAll("_", " "));
  return stdin === undefined ? { args } : { args, stdin };
}

/** A command that is ended after so many lines. */
function until(lines: number, line: string, stdin?: string): Command {
  return { ...run(line, stdin), lines };
}

const get: readonly Command[] = [
  "get a1",
  "get nothing",
  "get a1 --print-value-only",
  "get a1 -w json",
  "get a1 -w fields",
  "get a1 --hex",
  "get a1 a3",
  "get a --prefix",
  "get a --prefix --keys-only",
  "get a2 --from-key",
  "get a --prefix --limit=2 -w json",
  "get a --prefix --sort-by=VALUE",
  "get a --prefix --sort-by=VALUE --order=DESCEND",
  "get a --prefix --sort-by=CREATE --order=DESCEND",
  "get a --prefix --sort-by=MODIFY --order=ASCEND --limit=1 -w json",
  "get a --prefix --sort-by=VERSION --order=DESCEND --limit=1",
  "get a --prefix --sort-by=KEY --order=DESCEND",
  "get a1 --rev=2",
  "get a1 --rev=99",
  "get a --prefix --consistency=s",
  "get",
  "get a --prefix --from-key",
  "get a --prefix --sort-by=BOGUS",
].map((line) => run(line));

const kv: readonly Command[] = [
  run("put a1 one"),
  run("put a2 two"),
  run("put a1 eins --prev-kv"),
  run("put a3", "from standard input"),
  run("put a1 --ignore-value --prev-kv"),
  run("put a4 --ignore-value"),
  run("put a1 x --lease=1234"),
  run("put a1 x --ignore-lease"),
  run("put"),
  { args: ["put", "large", "-w", "json"], stdin: "x".repeat(1_500_000) },
  { args: ["put", "larger"], stdin: "x".repeat(1_600_000) },
  ...get,
  run("get large --keys-only"),
  run("del large -w json"),
  run("del a2 --prev-kv"),
  run("del nothing"),
  run("del a --prefix --prev-kv"),
  run("put b1 one"),
  run("put b2 two"),
  run("del b2 --from-key"),
  run("del b1 b2 --prev-kv"),
  run("get b --prefix"),
];

const txn: readonly Command[] = [
  run("put flag 1"),
  run("txn -i", 'value("flag") = "1"\n\nput flag 2\nget flag\n\nput flag 3\n\n'),
  run("txn -i", 'mod("flag") > "99"\n\nput flag 9\n\ndel flag --prev-kv\nget flag\n\n'),
  run("txn", 'create("flag") = "0"\nversion("flag") < "1"\n\nput flag new\n\n\n'),
  run("txn -w json", "\nput x 1\nget x\n\n\n"),
  run("txn", "\nput x 1\nput x 2\n\n\n"),
  run("txn", "nonsense\n\n\n\n"),
];

const watch: readonly Command[] = [
  run("put w1 one"),
  run("put w2 two"),
  run("put w1 eins"),
  run("del w1"),
  until(8, "watch w1 --rev=1"),
  until(10, "watch w --prefix --rev=1 --prev-kv"),
  until(1, "watch w1 --rev=1 -w json"),
  until(3, "watch w1 w9 --rev=1"),
  until(3, "watch -i", "watch w2 --rev=1\n"),
  until(3, "watch w2 --rev=1 -- echo seen"),
  run("compaction 4"),
  run("watch w1 --rev=1"),
];

const lease: readonly Command[] = [
  run("lease grant 100"),
  run("lease list"),
  run("put l1 one --lease=#1"),
  run("put l2 two --lease=#1"),
  run("get l1 -w json"),
  run("lease timetolive #1"),
  run("lease timetolive #1 --keys"),
  run("lease keep-alive --once #1"),
  until(1, "lease keep-alive #1"),
  run("lease grant 1"),
  run("lease grant 9000000001"),
  run("lease revoke #1"),
  run("get l --prefix"),
  run("lease revoke #1"),
  run("lease timetolive #1"),
  run("lease keep-alive --once #1"),
];

const recipes: readonly Command[] = [
  run("lock mutex echo held"),
  run("lock mutex --ttl=20 false"),
  until(1, "lock mutex"),
  until(2, "elect boss ann"),
  until(2, "elect -l boss"),
];

const cluster: readonly Command[] = [
  run("member list"),
  run("member list -w json"),
  run("endpoint health"),
  run("endpoint health --cluster"),
  run("alarm list"),
  run("alarm disarm"),
  run("put c 1"),
  run("put c 2"),
  run("endpoint status -w json"),
  run("endpoint status --cluster -w json"),
  run("compaction 2"),
  run("compaction 2"),
  run("compaction 99"),
  run("compaction --physical 3"),
  run("get c --rev=2"),
  run("endpoint hashkv -w json"),
  run("defrag"),
  run("defrag --cluster"),
  run("snapshot save /dev/null/no"),
  run("member add second --peer-urls=http://127.0.0.1:1 --learner"),
  run("member add third --peer-urls=http://127.0.0.1:1 --learner"),
  run("member add third --peer-urls=http://127.0.0.1:2 --learner"),
  run("member add fourth --peer-urls=nonsense --learner"),
  run("member update #2 --peer-urls=http://127.0.0.1:3"),
  run("member promote #2"),
  run("member remove #2"),
  run("member list"),
  run("member remove #2"),
  run("member remove 1234"),
  run("member update 1234 --peer-urls=http://127.0.0.1:1"),
  run("member promote 1234"),
  run("move-leader 1234"),
];

const auth: readonly Command[] = [
  run("auth disable"),
  run("auth enable"),
  run("user list"),
  run("user list -w json"),
  run("user get nobody"),
  run("user get nobody --detail"),
  run("user delete nobody"),
  run("user passwd nobody --interactive=false", "secret\n"),
  run("user grant-role nobody reader"),
  run("user revoke-role nobody reader"),
  { args: ["user", "add", ":secret"] },
  run("role list"),
  run("role list -w json"),
  run("role get reader"),
  run("role delete reader"),
  run("role grant-permission reader read a"),
  run("role grant-permission reader readwrite a --prefix"),
  run("role revoke-permission reader a"),
  { args: ["role", "add", ""] },
  run("put a 1 --user ann:secret"),
  run("get a --user ann:secret"),
];

/** Groups of commands, each for a server that has seen nothing yet. */
export const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  kv,
  txn,
  watch,
  lease,
  recipes,
  cluster,
  auth,
};
