import { assert, assertEquals } from "@std/assert";
import { configurationOf } from "../../src/raft/configuration.ts";
import {
  append,
  appendAnswer,
  entries,
  heartbeat,
  heartbeatAnswer,
  lead,
  only,
  replica,
  snapshot,
  vote,
} from "./harness/builders.ts";
import { TestCluster } from "./harness/cluster.ts";
import type { TestReplica } from "./harness/replica.ts";

/** A leader that has compacted its log through index 4, and whose follower 3 lacks all of it. */
function leaderOfLaggard(): TestReplica {
  const made = replica({ terms: [1, 1, 1], term: 1 });
  lead(made);
  made.run();
  made.node.step(appendAnswer(2n, 2, 4));
  made.run();
  made.compact();
  made.node.step(appendAnswer(3n, 2, 3, { rejected: true, hintIndex: 0 }));
  return made;
}

Deno.test("RaftNode tells a follower whose next entry is gone to fetch what is applied", () => {
  const made = leaderOfLaggard();
  const [sent] = only(made.run(), "snapshot");
  assertEquals([sent.to, sent.snapshot.index, sent.snapshot.term], [3n, 4, 2]);
  assertEquals(sent.snapshot.configuration, made.node.configuration);
  const progress = made.node.status().progress[1];
  assertEquals([progress.state, progress.snapshotIndex], ["snapshot", 4]);
});

Deno.test("RaftNode sends nothing else to a follower that fetches a snapshot", () => {
  const made = leaderOfLaggard();
  made.run();
  made.node.propose([new Uint8Array(1)]);
  made.node.step(heartbeatAnswer(3n, 2));
  assertEquals(only(made.run(), "append").map(({ to }) => to), [2n]);
});

Deno.test("RaftNode goes on with entries once the follower's log meets its own", () => {
  const made = leaderOfLaggard();
  made.run();
  made.node.propose([new Uint8Array(1)]);
  made.run();
  made.node.step(appendAnswer(3n, 2, 4));
  const [sent] = only(made.run(), "append").filter(({ to }) => to === 3n);
  assertEquals([sent.prevIndex, sent.entries.length], [4, 1]);
  assertEquals(made.node.status().progress[1].state, "replicate");
});

Deno.test("RaftNode repeats the order to fetch at a bounded rate, and not while there is progress", () => {
  const made = leaderOfLaggard();
  made.run();
  let orders = 0;
  const tick = (count: number) => {
    for (let i = 0; i < count; i++) {
      made.node.tick();
      for (const id of [2n, 3n]) made.node.step(heartbeatAnswer(id, 2));
      orders += only(made.run(), "snapshot").length;
    }
  };
  tick(9);
  assertEquals(orders, 0);
  tick(1);
  assertEquals(orders, 1);
  tick(20);
  assertEquals(orders, 3);
  for (let i = 0; i < 10; i++) {
    tick(5);
    made.node.reportSnapshotProgress(3n);
  }
  assertEquals(orders, 3);
});

Deno.test("RaftNode orders no snapshot for a member that is not there", () => {
  const made = leaderOfLaggard();
  made.run();
  let orders = 0;
  for (let i = 0; i < 60; i++) {
    made.node.tick();
    made.node.step(heartbeatAnswer(2n, 2));
    orders += only(made.run(), "snapshot").length;
  }
  assertEquals(orders, 1, "one within the election timeout in which it was last heard from");
});

Deno.test("RaftNode offers a newer snapshot when the first one was too old on arrival", () => {
  const made = leaderOfLaggard();
  made.run();
  made.node.propose([new Uint8Array(1)]);
  made.run();
  made.node.step(appendAnswer(2n, 2, 5));
  made.run();
  made.compact();
  made.node.step(appendAnswer(3n, 2, 4));
  assertEquals(only(made.run(), "snapshot").map(({ snapshot }) => snapshot.index), [5]);
});

Deno.test("RaftNode ignores a snapshot that is not newer than what it has committed", () => {
  const made = replica({ terms: [1, 1, 1], term: 1, commit: 2 });
  made.node.step(snapshot(2n, 1, 2, 1));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.rejected, answer.index, made.disk.snapshot], [false, 2, null]);
});

Deno.test("RaftNode ignores a snapshot of entries that it has compacted itself", () => {
  const made = replica({ term: 1 });
  made.disk.snapshot = { index: 5, term: 1, configuration: configurationOf([1n, 2n, 3n]) };
  made.restart();
  made.node.step(snapshot(2n, 1, 3, 1));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.rejected, answer.index, made.disk.snapshot.index], [false, 5, 5]);
});

Deno.test("RaftNode needs no snapshot of a log that it has, and commits through it", () => {
  const made = replica({ terms: [1, 1, 1], term: 1 });
  made.node.step(snapshot(2n, 1, 2, 1));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.index, made.node.commit, made.disk.snapshot], [2, 2, null]);
  assertEquals(made.node.status().lastIndex, 3);
});

Deno.test("RaftNode replaces a log that contradicts the snapshot", () => {
  const made = replica({ terms: [1, 1, 1, 1], term: 2 });
  made.node.step(snapshot(2n, 2, 3, 2));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.index, made.node.status().lastIndex], [3, 3]);
  assertEquals([made.disk.snapshot?.index, made.disk.entries.length], [3, 0]);
});

Deno.test("RaftNode takes over the snapshot's configuration and nothing from older entries", () => {
  const made = replica({ terms: [1, 1], term: 1 });
  const configuration = { ...configurationOf([1n, 2n, 4n]), learners: [5n] };
  made.node.step(snapshot(2n, 1, 9, 1, configuration));
  made.run();
  assertEquals(made.node.configuration, configuration);
  made.restart();
  assertEquals(made.node.configuration, configuration);
});

Deno.test("RaftNode ignores a snapshot of a configuration without it", () => {
  const made = replica({ term: 1 });
  made.node.step(snapshot(2n, 1, 9, 1, configurationOf([2n, 3n])));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.index, made.disk.snapshot], [0, null]);
});

Deno.test("RaftNode acknowledges a snapshot when it is durable, and does not campaign before", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(snapshot(2n, 1, 9, 1));
  assertEquals(made.run(), []);
  for (let tick = 0; tick < 30; tick++) made.node.tick();
  assertEquals(made.node.status().role, "follower");
  const [answer] = only(made.finishWrite(), "appendAnswer");
  assertEquals(answer.index, 9);
  for (let tick = 0; tick < 30; tick++) made.node.tick();
  assertEquals(made.node.status().role, "preCandidate");
});

Deno.test("RaftNode starts clean after a crash in the middle of an installation", () => {
  const made = replica({ terms: [1], term: 1, commit: 1 });
  made.slowDisk = true;
  made.node.step(snapshot(2n, 1, 9, 1));
  made.run();
  made.restart();
  assertEquals([made.node.status().lastIndex, made.node.status().firstIndex], [1, 1]);
  made.slowDisk = false;
  made.node.step(snapshot(2n, 1, 12, 1));
  made.run();
  assertEquals(made.appliedIndex, 12);
});

Deno.test("RaftNode installs the newer of two snapshots in quick succession", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(snapshot(2n, 1, 5, 1));
  made.run();
  made.node.step(snapshot(2n, 1, 9, 1));
  made.finishWrite();
  assertEquals(made.node.status().role, "follower");
  made.run();
  const [answer] = only(made.finishWrite(), "appendAnswer");
  assertEquals([answer.index, made.disk.snapshot?.index, made.appliedIndex], [9, 9, 9]);
});

Deno.test("RaftNode appends behind a snapshot that is being written", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(snapshot(2n, 1, 5, 1));
  made.run();
  made.node.step(append(2n, 1, 5, 1, [1], 6));
  made.finishWrite();
  made.run();
  const [answer] = only(made.finishWrite(), "appendAnswer");
  made.run();
  assertEquals([answer.index, made.appliedIndex], [6, 6]);
});

Deno.test("RaftNode keeps entries before its snapshot for followers that are a little late", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose("a", "b", "c");
  cluster.replica(1).compact(4);
  cluster.replica(2).compact(4);
  cluster.replica(1).restart();
  cluster.heal();
  cluster.tick(50);
  assertEquals(cluster.applied(3), ["a", "b", "c"]);
  assertEquals(cluster.replica(3).disk.snapshot, null);
});

Deno.test("RaftNode votes by its snapshot when it has no entries after it", () => {
  const made = replica({ term: 2 });
  made.disk.snapshot = { index: 9, term: 2, configuration: configurationOf([1n, 2n, 3n]) };
  made.disk.entries = [];
  made.restart();
  made.node.step(vote(2n, 3, { lastIndex: 8, lastTerm: 2 }));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, false);
  made.node.step(vote(3n, 4, { lastIndex: 9, lastTerm: 2 }));
  assertEquals(only(made.run(), "voteAnswer")[0].granted, true);
});

Deno.test("RaftNode hands committed entries after the snapshot out again after a restart", () => {
  const made = replica({ term: 1 });
  made.disk.snapshot = { index: 2, term: 1, configuration: configurationOf([1n, 2n, 3n]) };
  made.disk.entries = entries(1, 1, 1, 1, 1);
  made.disk.hardState = { term: 1, vote: 0n, commit: 4 };
  made.restart();
  made.run();
  assertEquals(made.applied.map(({ index }) => index), [3, 4]);
  made.node.step(heartbeat(2n, 1, { commit: 4 }));
  assert(made.run().length > 0);
  assertEquals(made.applied.length, 2);
});
