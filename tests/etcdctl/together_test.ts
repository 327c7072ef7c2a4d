/** What programs do together of which some use etcdctl, some Kvorum's client, and some another etcd. */
import { assertEquals } from "@std/assert";
import { connect, leaderOf, Leadership, Lock, Session } from "../../src/client/mod.ts";
import { EtcdProcess } from "../conformance/etcd_process.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { Background } from "./background.ts";
import { etcdctl, hasEtcdctl } from "./etcdctl.ts";

/** A single replica elects itself as fast as it likes. */
const QUICK = ["--storage", "memory", "--heartbeat-interval", "10", "--election-timeout", "50"];

const withEtcdctl = hasEtcdctl();
const left = withEtcdctl ? "" : " (left out: etcdctl is not installed here)";
const withEtcd = withEtcdctl && EtcdProcess.isInstalled();

Deno.test({
  name: `etcdctl and Kvorum's client share locks and elections${left}`,
  ignore: !withEtcdctl,
  async fn() {
    await using cluster = new LocalCluster(1, QUICK);
    await cluster.start();
    const [{ clientUrl }] = cluster.replicas;
    await excludeEachOther(clientUrl);
    await electTogether(clientUrl);
  },
});

Deno.test({
  name: `etcdctl make-mirror copies what there is and what comes, to etcd and back${
    withEtcd ? "" : " (left out: etcd and etcdctl are not installed here)"
  }`,
  ignore: !withEtcd,
  async fn() {
    await using etcd = await EtcdProcess.start();
    await using cluster = new LocalCluster(1, QUICK);
    await cluster.start();
    const [ours, theirs] = [cluster.replicas[0].clientUrl, etcd.clientUrl];
    const put = (...args: string[]) => etcdctl(ours, { args: ["put", ...args] });
    await put("m/a", "1");
    await put("other", "x");
    // From Kvorum to etcd, and from there back to another place in Kvorum.
    const mirror = ["make-mirror", "--prefix", "m/"];
    await using _there = new Background(ours, [...mirror, "--dest-prefix", "copy/", theirs]);
    await using _back = new Background(theirs, [
      ...["make-mirror", "--prefix", "copy/", "--dest-prefix", "back/", ours],
    ]);
    const get = { args: ["get", "", "--prefix"] };
    const has = async (url: string, text: string) => {
      while ((await etcdctl(url, get)).stdout !== text);
    };
    await has(theirs, "copy/a\n1\n");
    await put("m/b", "2");
    await etcdctl(ours, { args: ["del", "m/a"] });
    await has(theirs, "copy/b\n2\n");
    await has(ours, "back/b\n2\nm/b\n2\nother\nx\n");
  },
});

/** Our lock waits for etcdctl's, and etcdctl's for ours. */
async function excludeEachOther(url: string): Promise<void> {
  await using client = connect([url]);
  await using session = await Session.open(client);
  const line = { prefix: "both/" };
  const waiting = async (count: number) => {
    while ((await client.range(line)).count < count);
  };
  await using theirs = new Background(url, ["lock", "both"]);
  await theirs.lines(1);
  assertEquals(await Lock.tryAcquire(session, "both"), null);
  const ours = Lock.acquire(session, "both");
  await waiting(2);
  // A second one of theirs stands behind ours: it gets the lock only when we have given it back.
  await using last = new Background(url, ["lock", "both", "echo", "third"]);
  await waiting(3);
  theirs.interrupt();
  const lock = await ours;
  assertEquals([(await client.range(line)).count, last.output], [2, ""]);
  await lock.release();
  await last.lines(1);
  assertEquals(last.output, "third\n");
}

/** Who campaigns with one waits for who leads with the other. */
async function electTogether(url: string): Promise<void> {
  await using client = connect([url]);
  await using session = await Session.open(client);
  const leader = async () => (await leaderOf(client, "boss"))?.text();
  await using ann = new Background(url, ["elect", "boss", "ann"]);
  await ann.lines(2);
  const ours = Leadership.campaign(session, "boss", "us");
  while ((await client.range({ prefix: "boss/" })).count < 2);
  assertEquals(await leader(), "ann");
  await using observer = new Background(url, ["elect", "-l", "boss"]);
  await observer.lines(2);
  ann.interrupt();
  const leadership = await ours;
  assertEquals(await leader(), "us");
  await observer.lines(4);
  assertEquals(observer.output.split("\n").filter((_, i) => i % 2 === 1), ["ann", "us"]);
  await leadership.resign();
}
