import { assert, assertEquals, assertRejects } from "@std/assert";
import { Lock, Session } from "../../src/client/mod.ts";
import { TestCluster } from "../../src/testing/mod.ts";

Deno.test("TestCluster.start() gives a cluster that survives the loss of its leader", async () => {
  await using cluster = await TestCluster.start();
  assertEquals(cluster.size, 3);
  await cluster.client.put("a", "1");
  const leader = cluster.leader;
  assert(leader !== null);
  await cluster.stop(leader);
  assertEquals(cluster.replica(leader), null);
  await cluster.client.put("b", "2");
  await cluster.restart(leader);
  const back = cluster.connect({}, leader);
  assertEquals((await back.range({ all: true })).kvs.map(({ name }) => name), ["a", "b"]);
});

Deno.test("TestCluster keeps what was written while all its replicas are stopped", async () => {
  await using cluster = await TestCluster.start();
  await cluster.client.put("a", "1");
  for (let i = 0; i < 3; i++) await cluster.stop(i);
  assertEquals(cluster.leader, null);
  for (let i = 0; i < 3; i++) await cluster.restart(i);
  assertEquals((await cluster.client.get("a"))?.text(), "1");
});

Deno.test("TestCluster of one serves locks and JSON requests", async () => {
  await using cluster = await TestCluster.start({ replicas: 1 });
  await using session = await Session.open(cluster.client);
  await using lock = await Lock.acquire(session, "mutex");
  assert(lock.token > 0);
  const request = new Request("http://kvorum/v3/kv/range", {
    method: "POST",
    body: JSON.stringify({ key: btoa("mutex"), range_end: btoa("mutey"), count_only: true }),
  });
  const response = await cluster.replica(0)?.fetch(request);
  assertEquals((await response?.json()).count, "1");
});

Deno.test("TestCluster refuses sizes and places that make no sense", async () => {
  await assertRejects(() => TestCluster.start({ replicas: 0 }), RangeError, "of 0 replicas");
  await using cluster = await TestCluster.start({ replicas: 1 });
  await assertRejects(() => cluster.stop(1), RangeError, "0 to 0");
});
