import { assert, assertEquals } from "@std/assert";
import { TestCluster } from "./harness/cluster.ts";

Deno.test("RaftNode elects a leader and replicates", () => {
  const cluster = new TestCluster(3);
  cluster.tick(20);
  assert(cluster.leader !== undefined);
  cluster.propose("a", "b");
  cluster.tick();
  for (const id of [1, 2, 3]) assertEquals(cluster.applied(id), ["a", "b"]);
});

Deno.test("RaftNode of a single voter leads and commits alone", () => {
  const cluster = new TestCluster(1);
  cluster.tick(20);
  cluster.propose("a");
  assertEquals(cluster.applied(1), ["a"]);
  assertEquals(cluster.leader!.node.readIndex(7), "accepted");
  cluster.settle();
  assertEquals(cluster.leader!.reads, [{ context: 7, index: 2 }]);
});

Deno.test("RaftNode replaces a dead leader and keeps what was committed", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.propose("a");
  cluster.replica(1).crash();
  cluster.tick(40);
  assert(cluster.leader !== undefined && cluster.leader.id !== 1n);
  cluster.propose("b");
  cluster.replica(1).restart();
  cluster.tick(5);
  for (const id of [1, 2, 3]) assertEquals(cluster.applied(id), ["a", "b"]);
});

Deno.test("RaftNode brings a follower up by snapshot when its entries are compacted", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose("a", "b", "c");
  cluster.replica(1).compact();
  cluster.heal();
  cluster.tick(5);
  assertEquals(cluster.replica(3).disk.snapshot?.index, 4);
  cluster.propose("d");
  cluster.tick();
  assertEquals(cluster.applied(3), ["d"]);
  cluster.replica(3).restart();
  cluster.tick(3);
  assertEquals(cluster.replica(3).appliedIndex, 5);
});

Deno.test("RaftNode.readIndex() confirms reads of all members with one round a turn", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.propose("a");
  const { node } = cluster.replica(1);
  for (const context of [1, 2, 3]) assertEquals(node.readIndex(context), "accepted");
  assertEquals(cluster.replica(2).node.readIndex(9), "accepted");
  cluster.run();
  assertEquals(cluster.messages.filter(({ type }) => type === "heartbeat").length, 2);
  cluster.settle();
  assertEquals(cluster.replica(1).reads.map(({ context }) => context), [1, 2, 3]);
  assertEquals(cluster.replica(2).reads, [{ context: 9, index: 2 }]);
});
