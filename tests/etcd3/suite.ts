/** The npm client etcd3, which knows nothing of Kvorum, against a cluster of three. */
import { assertEquals, assertRejects } from "@std/assert";
import { Etcd3, EtcdLockFailedError, type IKeyValue, type Watcher } from "etcd3";
import { connect, leaderOf, Leadership, Session } from "../../src/client/mod.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";

type Cluster = Pick<LocalCluster, "replicas" | "leader">;

/** A client that closes with its block. */
function open({ replicas }: Cluster, of: readonly number[] = [0, 1, 2]) {
  const client = new Etcd3({ hosts: of.map((i) => replicas[i].clientUrl) });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

/** What a watcher sees, one by one. */
function eventsOf(watcher: Watcher): () => Promise<string> {
  const events: string[] = [];
  let wake = () => {};
  const note = (what: string) => (kv: IKeyValue) => {
    events.push(`${what} ${kv.key}=${kv.value}`);
    wake();
  };
  watcher.on("put", note("put")).on("delete", note("delete"));
  return async () => {
    while (events.length === 0) await new Promise<void>((resolve) => wake = resolve);
    return events.shift() ?? "";
  };
}

async function readsAndWrites(cluster: Cluster): Promise<void> {
  using client = open(cluster);
  const { header } = await client.put("kv/a").value("one");
  assertEquals(await client.get("kv/a").string(), "one");
  await client.put("kv/a").value("two");
  await client.put("kv/b").value("three");
  assertEquals(await client.get("kv/a").revision(header.revision).string(), "one");
  assertEquals(await client.getAll().prefix("kv/").strings(), { "kv/a": "two", "kv/b": "three" });
  assertEquals(await client.getAll().prefix("kv/").sort("Key", "Descend").limit(1).keys(), [
    "kv/b",
  ]);
  const commit = () =>
    client.if("kv/a", "Value", "==", "two")
      .then(client.put("kv/a").value("four"))
      .else(client.get("kv/a"))
      .commit();
  assertEquals((await commit()).succeeded, true);
  assertEquals((await commit()).succeeded, false);
  assertEquals((await client.delete().prefix("kv/")).deleted, "2");
  assertEquals(await client.get("kv/a").string(), null);
  await client.stm({ retries: 10 }).transact(async (tx) => {
    await tx.put("kv/sum").value(Number(await tx.get("kv/sum").number() ?? 0) + 1);
  });
  assertEquals(await client.get("kv/sum").number(), 1);
}

async function watches(cluster: Cluster): Promise<void> {
  using client = open(cluster);
  const first = await client.put("w/a").value("1");
  await client.put("w/a").value("2");
  const watcher = await client.watch().prefix("w/").startRevision(first.header.revision).create();
  const next = eventsOf(watcher);
  await client.delete().key("w/a");
  await client.put("elsewhere").value("x");
  await client.put("w/b").value("3");
  assertEquals([await next(), await next(), await next(), await next()], [
    "put w/a=1",
    "put w/a=2",
    "delete w/a=",
    "put w/b=3",
  ]);
  await watcher.cancel();
}

async function leases(cluster: Cluster): Promise<void> {
  using client = open(cluster);
  const lease = client.lease(30);
  await lease.put("l/a").value("leased");
  assertEquals(await client.get("l/a").string(), "leased");
  await lease.keepaliveOnce();
  await lease.revoke();
  assertEquals(await client.get("l/a").string(), null);
  await assertRejects(() => lease.keepaliveOnce());
}

async function locks(cluster: Cluster): Promise<void> {
  using one = open(cluster, [0]);
  using other = open(cluster, [1]);
  const lock = one.lock("mutex");
  await lock.acquire();
  await assertRejects(() => other.lock("mutex").acquire(), EtcdLockFailedError);
  await lock.release();
  assertEquals(await other.lock("mutex").do(() => "inside"), "inside");
}

/** Two campaigns with etcd3, then ours after them: its elections are below `election/`. */
async function elections(cluster: Cluster): Promise<void> {
  using one = open(cluster, [0]);
  using other = open(cluster, [1]);
  await using ours = connect(cluster.replicas.map(({ clientUrl }) => clientUrl));
  const elected = (campaign: ReturnType<ReturnType<Etcd3["election"]>["campaign"]>) =>
    new Promise<void>((resolve, reject) => campaign.on("elected", resolve).on("error", reject));
  const ann = one.election("boss").campaign("ann");
  await elected(ann);
  const bob = other.election("boss").campaign("bob");
  const bobLeads = elected(bob);
  while (await ours.range({ prefix: "election/boss/" }).then(({ count }) => count < 2));
  await using session = await Session.open(ours);
  const carol = Leadership.campaign(session, "election/boss", "carol");
  while (await ours.range({ prefix: "election/boss/" }).then(({ count }) => count < 3));
  const leaders = async () => [
    await one.election("boss").leader(),
    (await leaderOf(ours, "election/boss"))?.text(),
  ];
  assertEquals(await leaders(), ["ann", "ann"]);
  await ann.resign();
  await bobLeads;
  assertEquals(await leaders(), ["bob", "bob"]);
  await bob.resign();
  const leadership = await carol;
  assertEquals(await leaders(), ["carol", "carol"]);
  const dan = one.election("boss").campaign("dan");
  const danLeads = elected(dan);
  await leadership.resign();
  await danLeads;
  assertEquals(await leaders(), ["dan", "dan"]);
  await dan.resign();
}

/** Its endpoint's process dies: calls go on with the next one, and so does the watch. */
async function failover(cluster: Cluster): Promise<void> {
  const leader = await cluster.leader();
  using client = open(cluster);
  const watcher = await client.watch().prefix("f/").create();
  const next = eventsOf(watcher);
  const lease = client.lease(60);
  await lease.put("f/leased").value("kept");
  assertEquals(await next(), "put f/leased=kept");
  await leader.end("SIGKILL");
  for (let i = 0; i < 20; i++) {
    // Calls that the dead process has taken fail; which, only their client can know.
    while (!await client.put(`f/${i}`).value(i).then(() => true, () => false));
  }
  assertEquals(await client.getAll().prefix("f/").count(), 21);
  let seen = await next();
  while (seen !== "put f/19=19") seen = await next();
  await lease.keepaliveOnce();
  await watcher.cancel();
  await lease.revoke();
}

Deno.test("etcd3 reads, writes, watches, leases, locks, elects and outlives its endpoint", async (t) => {
  await using cluster = new LocalCluster(3, ["--storage", "memory"]);
  await cluster.start();
  for (const step of [readsAndWrites, watches, leases, locks, elections, failover]) {
    await t.step(step.name, () => step(cluster));
  }
});
