import { assertEquals } from "@std/assert";
import { configurationOf } from "../../src/raft/configuration.ts";
import { appendAnswer, change, heartbeat, lead, only, replica } from "./harness/builders.ts";
import { command, TestCluster } from "./harness/cluster.ts";

Deno.test("RaftNode.transferLeadership() makes an up-to-date voter leader at once", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.propose("a");
  assertEquals(cluster.leader!.node.transferLeadership(3n), "started");
  cluster.settle();
  assertEquals([cluster.leader?.id, cluster.leader?.node.term], [3n, 2]);
  cluster.propose("b");
  cluster.tick();
  for (const id of [1, 2, 3]) assertEquals(cluster.applied(id), ["a", "b"]);
});

Deno.test("RaftNode.transferLeadership() waits until the voter has the whole log", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose("a", "b");
  cluster.replica(1).compact();
  cluster.heal();
  cluster.leader!.node.transferLeadership(3n);
  cluster.run();
  assertEquals(only(cluster.messages, "timeoutNow"), []);
  cluster.tick(4);
  assertEquals(cluster.leader?.id, 3n);
});

Deno.test("RaftNode takes no proposals while it hands over, and again when that fails", () => {
  const made = replica({});
  lead(made);
  made.run();
  for (const id of [2n, 3n]) made.node.step(appendAnswer(id, 1, 1));
  made.run();
  made.node.transferLeadership(2n);
  assertEquals(made.node.propose([command("x")]), "transferring");
  const add = change([{ kind: "addLearner", id: 9n }]);
  assertEquals(made.node.proposeConfiguration(add), "transferring");
  assertEquals(only(made.run(), "timeoutNow").map(({ to }) => to), [2n]);
  for (let i = 0; i < 10; i++) {
    made.node.tick();
    for (const id of [2n, 3n]) made.node.step(appendAnswer(id, 1, 1));
  }
  assertEquals([made.node.isLeader, made.node.status().transferee], [true, 0n]);
  assertEquals(made.node.propose([command("x")]), "accepted");
});

Deno.test("RaftNode.transferLeadership() changes its mind", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.replica(2).crash();
  cluster.leader!.node.transferLeadership(2n);
  cluster.settle();
  assertEquals(cluster.leader!.node.transferLeadership(3n), "started");
  cluster.settle();
  assertEquals(cluster.leader?.id, 3n);
});

Deno.test("RaftNode.transferLeadership() goes to voters only, and from leaders only", () => {
  const cluster = new TestCluster({ ...configurationOf([1n, 2n]), learners: [3n] });
  cluster.elect(1);
  const { node } = cluster.leader!;
  assertEquals(node.transferLeadership(1n), "alreadyLeader");
  assertEquals(node.transferLeadership(3n), "notVoter");
  assertEquals(node.transferLeadership(9n), "notVoter");
  assertEquals(cluster.replica(2).node.transferLeadership(1n), "notLeader");
});

Deno.test("RaftNode gives a transfer up when the transferee is removed", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  const { node } = cluster.leader!;
  node.proposeConfiguration(change([{ kind: "remove", id: 3n }]));
  cluster.isolate(3);
  node.transferLeadership(3n);
  cluster.settle();
  assertEquals(node.status().transferee, 0n);
});

Deno.test("RaftNode campaigns at once only when its own leader says so", () => {
  const made = replica({ term: 1 });
  made.node.step({ type: "timeoutNow", from: 3n, to: 1n, term: 1 });
  assertEquals(made.node.status().role, "follower");
  made.node.step(heartbeat(2n, 1));
  made.node.step({ type: "timeoutNow", from: 3n, to: 1n, term: 1 });
  assertEquals(made.node.status().role, "follower");
  made.node.step({ type: "timeoutNow", from: 2n, to: 1n, term: 1 });
  assertEquals([made.node.status().role, made.node.term], ["candidate", 2]);
  const asked = only(made.run(), "vote");
  assertEquals(asked.map(({ transfer, preVote }) => [transfer, preVote]), [
    [true, false],
    [true, false],
  ]);
});
