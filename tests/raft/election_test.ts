import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvariantError } from "../../src/base/assert.ts";
import { configurationOf } from "../../src/raft/configuration.ts";
import {
  append,
  appendAnswer,
  heartbeat,
  lead,
  only,
  replica,
  vote,
  voteAnswer,
} from "./harness/builders.ts";
import { TestCluster } from "./harness/cluster.ts";

Deno.test("RaftNode votes once in a term, also over a crash before the answer was sent", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(vote(2n, 2));
  assertEquals(only(made.run(), "voteAnswer"), [], "no promise before the vote is durable");
  // The write reaches the disk, the process dies, the answer is never sent.
  made.disk.save(made.writing!);
  made.restart();
  made.slowDisk = false;
  made.node.step(vote(3n, 2));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, false);
  made.node.step(vote(2n, 2));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
});

Deno.test("RaftNode forgets a vote only if the write was lost and nobody was told", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(vote(2n, 2));
  assertEquals(made.run(), []);
  made.restart();
  made.slowDisk = false;
  made.node.step(vote(3n, 2));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
});

Deno.test("RaftNode starts with the term and vote that were durable", () => {
  const made = replica({ terms: [1, 4], term: 7, vote: 3n });
  const { term, vote: voted, role } = made.node.status();
  assertEquals([term, voted, role], [7, 3n, "follower"]);
});

Deno.test("RaftNode asks for votes only when its own vote and its log are durable", () => {
  const made = replica({}, { preVote: false });
  made.slowDisk = true;
  made.node.campaign();
  assertEquals(made.run(), []);
  assertEquals(made.finishWrite().map(({ type }) => type), ["vote", "vote"]);
});

Deno.test("RaftNode counts its own vote only when it is durable", () => {
  const made = replica({ voters: configurationOf([1n]) });
  made.slowDisk = true;
  made.node.campaign();
  made.run();
  assertEquals(made.node.status().role, "candidate");
  made.finishWrite();
  assertEquals(made.node.status().role, "leader");
});

Deno.test("RaftNode compares last entries and not commit indexes, and grants ties", () => {
  const made = replica({ terms: [1, 1], term: 1, commit: 2 });
  made.node.step(vote(2n, 2, { lastIndex: 2, lastTerm: 1 }));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
});

Deno.test("RaftNode does not change term or vote for a pre-vote", () => {
  const made = replica({ term: 1 });
  made.node.step(vote(2n, 2, { preVote: true }));
  const [answer] = only(made.run(), "voteAnswer");
  assertEquals([answer.granted, answer.preVote, answer.term], [true, true, 2]);
  made.node.step(vote(3n, 2, { preVote: true }));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true, "pre-votes are no promise");
  assertEquals([made.node.term, made.node.status().vote], [1, 0n]);
});

Deno.test("RaftNode with a higher term tells a pre-candidate with a longer log, so that both move on", () => {
  // Replica 2 has the longer log and the lower term, replica 1 the reverse: nobody else is there.
  const cluster = new TestCluster(3);
  cluster.elect(2);
  cluster.isolate(1);
  cluster.propose("a");
  cluster.replica(3).crash();
  cluster.replica(1).disk.hardState = { term: 9, vote: 1n, commit: 0 };
  cluster.replica(1).restart();
  cluster.replica(2).restart();
  cluster.heal();
  cluster.tick(60);
  assertEquals(cluster.leader?.id, 2n);
  assertEquals(cluster.applied(1), ["a"]);
});

Deno.test("RaftNode as pre-candidate forgets its leader, and then votes for others", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.replica(1).crash();
  cluster.replica(3).node.campaign();
  cluster.settle();
  const { role, leader } = cluster.replica(3).node.status();
  assertEquals([role, leader], ["preCandidate", 0n], "replica 2 still stays with its leader");
  cluster.elect(2);
});

Deno.test("RaftNode with pre-vote works beside replicas without it", () => {
  for (const withPreVote of [[1], [1, 2]]) {
    const cluster = new TestCluster(configurationOf([]));
    const voters = configurationOf([1n, 2n, 3n]);
    for (const id of [1, 2, 3]) {
      cluster.add(BigInt(id), voters, { preVote: withPreVote.includes(id), electionTicks: 10 });
    }
    for (let round = 0; round < 4; round++) {
      cluster.tick(60);
      const { leader } = cluster;
      assert(leader !== undefined, "a leader is elected");
      cluster.isolate(Number(leader.id));
      cluster.tick(60);
      cluster.heal();
    }
    cluster.tick(60);
    cluster.propose("a");
    cluster.tick(3);
    for (const id of [1, 2, 3]) assertEquals(cluster.applied(id), ["a"]);
  }
});

Deno.test("RaftNode keeps one leader while two followers cannot reach each other", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.lost = ({ from, to }) => from !== 1n && to !== 1n;
  cluster.tick(100);
  assertEquals([cluster.leader?.id, cluster.leader?.node.term], [1n, 1]);
});

Deno.test("RaftNode keeps one leader when it is cut off from one of two followers", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.lost = ({ from, to }) => from + to === 3n;
  cluster.tick(100);
  assertEquals([cluster.leader?.id, cluster.leader?.node.term], [1n, 1]);
});

Deno.test("RaftNode is not deposed by a member that flaps", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  for (let round = 0; round < 5; round++) {
    cluster.isolate(3);
    cluster.tick(50);
    cluster.heal();
    cluster.replica(3).node.campaign();
    cluster.tick(5);
  }
  assertEquals([cluster.leader?.id, cluster.leader?.node.term], [1n, 1]);
  assertEquals(cluster.replica(3).node.leader, 1n);
});

Deno.test("RaftNode stays with a leader heard from within an election timeout", () => {
  const made = replica({ term: 1 });
  made.node.step(heartbeat(2n, 1));
  for (let tick = 0; tick < 9; tick++) made.node.tick();
  made.node.step(vote(3n, 5));
  assertEquals([made.node.term, only(made.run(), "voteAnswer").length], [1, 0]);
  made.node.tick();
  made.node.step(vote(3n, 5));
  assertEquals([made.node.term, only(made.run(), "voteAnswer")[0].granted], [5, true]);
});

Deno.test("RaftNode votes for a candidate that its own configuration does not know", () => {
  const made = replica({ term: 1 });
  made.node.step(vote(7n, 2));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
});

Deno.test("RaftNode as learner votes: it may have been promoted without knowing", () => {
  const configuration = { ...configurationOf([2n, 3n]), learners: [1n] };
  const made = replica({ term: 1, voters: configuration });
  made.node.step(vote(2n, 2));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
  for (let tick = 0; tick < 50; tick++) made.node.tick();
  assertEquals(made.node.status().role, "follower", "but it never campaigns");
});

Deno.test("RaftNode drops messages to others, from itself, and answers of strangers", () => {
  const made = replica({ terms: [1], term: 1 });
  const before = made.node.status();
  made.node.step({ ...append(2n, 9, 0, 0), to: 3n });
  made.node.step({ ...vote(2n, 9), from: 1n });
  made.node.step({ ...heartbeat(2n, 9), from: 0n });
  made.node.step(appendAnswer(7n, 9, 0));
  made.node.step(voteAnswer(7n, 9, { granted: false }));
  made.node.step({ type: "heartbeatAnswer", from: 7n, to: 1n, term: 9, readContext: 0 });
  made.node.step({ type: "readIndex", from: 7n, to: 1n, term: 9, context: 1 });
  assertEquals(made.node.status(), before);
  assertEquals(made.run(), []);
});

Deno.test("RaftNode as leader steps down when it does not hear from a majority", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.isolate(1);
  for (let tick = 0; tick < 11; tick++) cluster.replica(1).node.tick();
  cluster.settle();
  const { role, leader, term } = cluster.replica(1).node.status();
  assertEquals([role, leader, term], ["follower", 0n, 1]);
});

Deno.test("RaftNode without a leader's sign forgets it, even when it may not campaign", () => {
  const configuration = { ...configurationOf([2n, 3n]), learners: [1n] };
  const made = replica({ term: 1, voters: configuration });
  made.node.step(heartbeat(2n, 1));
  assertEquals(made.node.leader, 2n);
  for (let tick = 0; tick < 20; tick++) made.node.tick();
  assertEquals([made.node.leader, made.node.readIndex(1)], [0n, "noLeader"]);
});

Deno.test("RaftNode stops when one term shows two leaders", () => {
  const made = replica({ term: 1 });
  made.node.step(heartbeat(2n, 1));
  assertThrows(() => made.node.step(heartbeat(3n, 1)), InvariantError, "two leaders");
  const leader = replica({});
  const term = lead(leader);
  assertThrows(() => leader.node.step(append(3n, term, 0, 0)), InvariantError, "two leaders");
});

Deno.test("RaftNode ignores late pre-votes for an earlier campaign", () => {
  const made = replica({ term: 3 });
  made.node.campaign();
  made.run();
  made.node.step(voteAnswer(2n, 3, { preVote: true }));
  assertEquals(made.node.status().role, "preCandidate");
  made.node.step(voteAnswer(2n, 4, { preVote: true }));
  assertEquals(made.node.status().role, "candidate");
});

Deno.test("RaftNode learns from a refused vote what is committed", () => {
  const made = replica({ terms: [1, 1], term: 1 });
  made.node.campaign();
  made.node.step(
    voteAnswer(2n, 1, { preVote: true, granted: false, commit: 1, commitTerm: 1 }),
  );
  assertEquals(made.node.commit, 1);
  // An entry that it does not have, or has in another version, says nothing to it.
  made.node.step(voteAnswer(3n, 1, { preVote: true, granted: false, commit: 9, commitTerm: 1 }));
  made.node.step(voteAnswer(3n, 1, { preVote: true, granted: false, commit: 2, commitTerm: 5 }));
  assertEquals(made.node.commit, 1);
});

Deno.test("RaftNode.ready() reports role, leader and term when one of them changed", () => {
  const made = replica({}, { preVote: false });
  assertEquals(made.node.hasReady(), false);
  made.node.campaign();
  assertEquals(made.node.ready().roleChange, { role: "candidate", leader: 0n, term: 1 });
  assertEquals(made.node.ready().roleChange, null);
  made.node.step(heartbeat(2n, 1));
  assertEquals(made.node.ready().roleChange, { role: "follower", leader: 2n, term: 1 });
});
