import { assertEquals, assertThrows } from "@std/assert";
import { configurationOf } from "../../src/raft/configuration.ts";
import { RaftNode } from "../../src/raft/node.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import { EMPTY_HARD_STATE } from "../../src/raft/hard_state.ts";
import {
  append,
  appendAnswer,
  heartbeat,
  heartbeatAnswer,
  lead,
  only,
  replica,
} from "./harness/builders.ts";
import { command, TestCluster } from "./harness/cluster.ts";
import type { TestOptions, TestReplica } from "./harness/replica.ts";

/** A leader of term 1 that has committed its first entry. */
function leader(options: TestOptions = {}): TestReplica {
  const made = replica({}, options);
  lead(made);
  made.run();
  made.node.step(appendAnswer(2n, 1, 1));
  made.run();
  return made;
}

Deno.test("RaftNode.readIndex() waits until the leader has committed in its term", () => {
  const made = replica({ terms: [1, 1], term: 1, commit: 1 });
  const term = lead(made);
  assertEquals(made.node.readIndex(1), "accepted");
  made.run();
  made.node.step(heartbeatAnswer(2n, term));
  made.run();
  assertEquals(made.reads, [], "the leader before may have committed entry 2");
  made.node.step(appendAnswer(2n, term, 3));
  const [round] = only(made.run(), "heartbeat");
  assertEquals(made.reads, []);
  made.node.step(heartbeatAnswer(2n, term, round.readContext));
  made.run();
  assertEquals(made.reads, [{ context: 1, index: 3 }]);
});

Deno.test("RaftNode.readIndex() is not confirmed by an answer to an earlier heartbeat", () => {
  const made = leader();
  made.node.readIndex(1);
  const [first] = only(made.run(), "heartbeat");
  // The leader pauses; the answer to the first round is on its way while a second read comes.
  made.node.readIndex(2);
  const [second] = only(made.run(), "heartbeat");
  made.node.step(heartbeatAnswer(2n, 1, first.readContext));
  made.run();
  assertEquals(made.reads.map(({ context }) => context), [1]);
  made.node.step(heartbeatAnswer(3n, 1, first.readContext));
  made.run();
  assertEquals(made.reads.map(({ context }) => context), [1]);
  made.node.step(heartbeatAnswer(3n, 1, second.readContext));
  made.run();
  assertEquals(made.reads.map(({ context }) => context), [1, 2]);
});

Deno.test("RaftNode.readIndex() is confirmed by an answer to a later round too", () => {
  const made = leader();
  made.node.readIndex(1);
  made.run();
  made.node.readIndex(2);
  const [second] = only(made.run(), "heartbeat");
  made.node.step(heartbeatAnswer(3n, 1, second.readContext));
  made.run();
  assertEquals(made.reads.map(({ context }) => context), [1, 2]);
});

Deno.test("RaftNode.readIndex() is not confirmed by answers of another term", () => {
  const made = leader();
  made.node.readIndex(1);
  const [round] = only(made.run(), "heartbeat");
  made.node.step(heartbeatAnswer(2n, 0, round.readContext));
  made.run();
  assertEquals(made.reads, []);
  made.node.step(heartbeatAnswer(2n, 2, round.readContext));
  made.run();
  assertEquals([made.node.isLeader, made.reads], [false, []]);
});

Deno.test("RaftNode.readIndex() needs a majority of voters, learners do not count", () => {
  const voters = { ...configurationOf([1n, 2n, 3n]), learners: [4n, 5n] };
  const made = replica({ voters });
  lead(made);
  made.run();
  made.node.step(appendAnswer(2n, 1, 1));
  made.node.readIndex(1);
  const [round] = only(made.run(), "heartbeat");
  for (const id of [4n, 5n]) made.node.step(heartbeatAnswer(id, 1, round.readContext));
  made.run();
  assertEquals(made.reads, []);
  made.node.step(heartbeatAnswer(3n, 1, round.readContext));
  made.run();
  assertEquals(made.reads, [{ context: 1, index: 1 }]);
});

Deno.test("RaftNode.readIndex() of a deposed leader is never answered", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.isolate(1);
  cluster.replica(1).node.readIndex(1);
  for (let i = 0; i < 15; i++) {
    for (const id of [2, 3]) cluster.replica(id).node.tick();
  }
  cluster.settle();
  for (let i = 0; i < 20; i++) {
    for (const id of [2, 3]) cluster.replica(id).node.tick();
    cluster.settle();
  }
  cluster.propose("newer");
  cluster.heal();
  cluster.tick(5);
  assertEquals(cluster.replica(1).reads, []);
});

Deno.test("RaftNode.readIndex() of a lost round is repeated by the next heartbeat", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.lost = ({ type }) => type === "heartbeat";
  cluster.replica(1).node.readIndex(1);
  cluster.settle();
  cluster.heal();
  assertEquals(cluster.replica(1).reads, []);
  cluster.tick();
  assertEquals(cluster.replica(1).reads, [{ context: 1, index: 1 }]);
});

Deno.test("RaftNode.readIndex() of followers and learners goes through the leader", () => {
  const cluster = new TestCluster({ ...configurationOf([1n, 2n]), learners: [3n] });
  cluster.elect(1);
  cluster.propose("a");
  for (const id of [2, 3]) assertEquals(cluster.replica(id).node.readIndex(10 + id), "accepted");
  cluster.settle();
  assertEquals(cluster.replica(2).reads, [{ context: 12, index: 2 }]);
  assertEquals(cluster.replica(3).reads, [{ context: 13, index: 2 }]);
});

Deno.test("RaftNode.readIndex() gives a follower an index that it may not have applied yet", () => {
  const made = replica({ term: 1 });
  made.node.step(append(2n, 1, 0, 0, [1], 0));
  made.node.readIndex(1);
  made.run();
  made.node.step({ type: "readIndexAnswer", from: 2n, to: 1n, term: 1, context: 1, index: 1 });
  made.run();
  assertEquals([made.reads, made.appliedIndex], [[{ context: 1, index: 1 }], 0]);
});

Deno.test("RaftNode.readIndex() is refused without a leader and beyond its bound", () => {
  assertEquals(replica({}).node.readIndex(1), "noLeader");
  const made = leader({ readsMax: 2 });
  assertEquals([1, 2, 3].map((context) => made.node.readIndex(context)), [
    "accepted",
    "accepted",
    "notReady",
  ]);
  const [round] = only(made.run(), "heartbeat");
  assertEquals(made.node.readIndex(4), "notReady");
  made.node.step(heartbeatAnswer(2n, 1, round.readContext));
  assertEquals(made.node.readIndex(5), "accepted");
});

Deno.test("RaftNode in lease mode serves reads without a round while a quorum has confirmed it", () => {
  const made = leader({ readMode: "lease" });
  made.node.tick();
  made.node.readIndex(1);
  const beats = only(made.run(), "heartbeat");
  assertEquals(made.reads, [], "no quorum has confirmed a heartbeat yet");
  made.node.step(heartbeatAnswer(2n, 1, beats[beats.length - 1].readContext));
  made.run();
  assertEquals(made.reads.length, 1);
  made.node.readIndex(2);
  assertEquals(only(made.run(), "heartbeat"), []);
  assertEquals(made.reads.length, 2);
  // Nobody answers any more: the lease ends before any follower would vote for another.
  for (let i = 0; i < 8; i++) made.node.tick();
  made.run();
  made.node.readIndex(3);
  made.run();
  assertEquals(made.reads.length, 2);
});

Deno.test("RaftNode in lease mode lets no heartbeat take along reads before the term's first commit", () => {
  const made = replica({ terms: [1, 1], term: 1, commit: 1 }, { readMode: "lease" });
  const term = lead(made);
  made.node.readIndex(1);
  made.node.tick();
  const [beat] = only(made.run(), "heartbeat");
  made.node.step(heartbeatAnswer(2n, term, beat.readContext));
  made.run();
  assertEquals(made.reads, [], "the leader before may have committed entry 2");
});

Deno.test("RaftNode in lease mode trusts no lease once it told a member to campaign", () => {
  const made = leader({ readMode: "lease" });
  made.node.tick();
  const [beat] = only(made.run(), "heartbeat");
  made.node.step(heartbeatAnswer(2n, 1, beat.readContext));
  made.run();
  made.node.transferLeadership(2n);
  assertEquals(only(made.run(), "timeoutNow").length, 1);
  made.node.readIndex(1);
  made.run();
  assertEquals(made.reads, []);
});

Deno.test("RaftNode in lease mode sticks to an unknown leader after a restart", () => {
  const made = replica({ term: 1 }, { readMode: "lease" });
  const request = { preVote: false, lastIndex: 0, lastTerm: 0, transfer: false };
  made.node.step({ type: "vote", from: 3n, to: 1n, term: 2, ...request });
  assertEquals([made.node.term, made.run().length], [1, 0]);
  for (let i = 0; i < 10; i++) made.node.tick();
  made.run();
  made.node.step({ type: "vote", from: 3n, to: 1n, term: 2, ...request });
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
});

Deno.test("RaftNode refuses lease reads without check-quorum", () => {
  const recovered = {
    hardState: EMPTY_HARD_STATE,
    snapshot: null,
    entries: [],
    configuration: configurationOf([1n]),
  };
  const options = { id: 1n, electionTicks: 10, heartbeatTicks: 1, prng: new SeededPrng(1) };
  assertThrows(
    () => new RaftNode({ ...options, recovered, readMode: "lease", checkQuorum: false }),
    RangeError,
    "checkQuorum",
  );
  assertThrows(
    () => new RaftNode({ ...options, recovered, electionTicks: 1 }),
    RangeError,
    "above",
  );
});

Deno.test("RaftNode serves reads of a leader whose proposals wait for its own slow disk", () => {
  const made = leader();
  made.slowDisk = true;
  made.node.propose([command("x")]);
  made.node.readIndex(1);
  const [round] = only(made.run(), "heartbeat");
  made.node.step(heartbeatAnswer(2n, 1, round.readContext));
  made.run();
  assertEquals(made.reads, [{ context: 1, index: 1 }]);
});

Deno.test("RaftNode as follower confirms reads of its own term's leader only", () => {
  const made = replica({ term: 3 });
  made.node.step(heartbeat(2n, 2, { readContext: 5 }));
  assertEquals(only(made.run(), "heartbeatAnswer"), []);
});
