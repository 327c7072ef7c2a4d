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
  snapshot,
  vote,
} from "./harness/builders.ts";
import { command, TestCluster } from "./harness/cluster.ts";

Deno.test("RaftNode of a single voter commits nothing before its disk has it", () => {
  const made = replica({ voters: configurationOf([1n]) });
  made.node.campaign();
  made.run();
  made.slowDisk = true;
  made.node.propose([command("x")]);
  made.run();
  assertEquals([made.node.commit, made.appliedIndex], [1, 1]);
  made.finishWrite();
  made.run();
  assertEquals([made.node.commit, made.appliedIndex], [2, 2]);
});

Deno.test("RaftNode as leader sends while it persists, and counts its own disk last", () => {
  const made = replica({});
  lead(made);
  made.run();
  made.node.step(appendAnswer(2n, 1, 1));
  made.node.step(appendAnswer(3n, 1, 1));
  made.run();
  made.slowDisk = true;
  made.node.propose([command("x")]);
  assertEquals(only(made.run(), "append").map(({ to }) => to), [2n, 3n]);
  made.node.step(appendAnswer(2n, 1, 2));
  made.run();
  assertEquals(made.node.commit, 1, "one of three has it");
  made.node.step(appendAnswer(3n, 1, 2));
  made.run();
  assertEquals(made.node.commit, 2, "a majority without the leader has it");
  assertEquals(made.appliedIndex, 1, "but it is applied here only once it is durable here");
  made.finishWrite();
  made.run();
  assertEquals(made.appliedIndex, 2);
});

Deno.test("RaftNode acknowledges entries only when they are durable, and in order", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(append(2n, 1, 0, 0, [1]));
  assertEquals(made.run(), []);
  // What comes while a write is under way waits for the next one, even if it is known already.
  made.node.step(append(2n, 1, 0, 0, [1]));
  made.node.step(append(2n, 1, 1, 1, [1, 1]));
  assertEquals(made.run(), []);
  assertEquals(made.finishWrite().map((m) => m.type === "appendAnswer" && m.index), [1]);
  assertEquals(made.run(), []);
  assertEquals(made.finishWrite().map((m) => m.type === "appendAnswer" && m.index), [1, 3]);
});

Deno.test("RaftNode answers a repeated append at once when nothing is to be written", () => {
  const made = replica({ terms: [1], term: 1 });
  made.node.step(append(2n, 1, 0, 0, [1]));
  const ready = made.node.ready();
  assertEquals(ready.write, null);
  assertEquals(only(ready.messages, "appendAnswer").map(({ index }) => index), [1]);
});

Deno.test("RaftNode answers heartbeats while its disk is slow", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(append(2n, 1, 0, 0, [1]));
  made.run();
  made.node.step(heartbeat(2n, 1, { readContext: 4 }));
  assertEquals(made.run().map(({ type }) => type), ["heartbeatAnswer"]);
});

Deno.test("RaftNode drops what it promised in an older term and did not give to storage yet", () => {
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(append(2n, 1, 0, 0, [1]));
  made.run();
  made.node.step(append(2n, 1, 1, 1, [1]));
  made.node.step(append(3n, 2, 0, 0, [2]));
  made.run();
  // The first write's promise speaks of the old leader's term, which that leader alone counts.
  const first = only(made.finishWrite(), "appendAnswer");
  assertEquals(first.map(({ to, term, index }) => [to, term, index]), [[2n, 1, 1]]);
  made.run();
  const second = only(made.finishWrite(), "appendAnswer");
  assertEquals(second.map(({ to, term, index }) => [to, term, index]), [[3n, 2, 1]]);
  assertEquals(made.disk.entries.map(({ term }) => term), [2]);
});

Deno.test("RaftNode does not take replaced entries for durable when equal ones come back", () => {
  // The five steps of etcd's append race: entries of term 1, replaced by term 2, back in term 3.
  const made = replica({ term: 1 });
  made.slowDisk = true;
  made.node.step(append(2n, 1, 0, 0, [1]));
  made.run();
  made.node.step(append(3n, 2, 0, 0, [2]));
  made.node.step(append(2n, 3, 0, 0, [1]));
  made.run();
  made.finishWrite();
  assertEquals(made.node.status().stable, 0, "what the disk has now is about to be replaced");
  made.run();
  const answers = only(made.finishWrite(), "appendAnswer");
  assertEquals(answers.map(({ to, term, index }) => [to, term, index]), [[2n, 3, 1]]);
  assertEquals(made.node.status().stable, 1);
});

Deno.test("RaftNode as leader ignores an acknowledgement from an older term", () => {
  const made = replica({ terms: [1, 1], term: 1 });
  const term = lead(made);
  made.run();
  made.node.step(appendAnswer(2n, term - 1, 3));
  assertEquals(made.node.status().progress[0].match, 0);
  assertEquals(made.node.commit, 0);
});

Deno.test("RaftNode never replaces a committed entry and stops instead", () => {
  const made = replica({ terms: [1, 1], term: 1, commit: 2 });
  // Everything below the commit index is acknowledged without a look at it.
  made.node.step(append(2n, 2, 0, 0, [2, 2]));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.rejected, answer.index], [false, 2]);
  assertEquals(made.disk.entries.map(({ term }) => term), [1, 1]);
});

Deno.test("RaftNode stops when it has lost entries that it once acknowledged", () => {
  const made = replica({ terms: [1], term: 1 });
  made.node.step(append(2n, 1, 1, 1, [], 1));
  assertThrows(() => made.node.step(heartbeat(2n, 1, { commit: 2 })), InvariantError, "lost");
  const wiped = replica({ terms: [1], term: 2 });
  const term = lead(wiped);
  assertThrows(() => wiped.node.step(appendAnswer(2n, term, 9)), InvariantError, "ends at");
});

Deno.test("RaftNode.ready() gives one write at a time and gathers the rest into the next", () => {
  const made = replica({ term: 1 });
  made.node.step(append(2n, 1, 0, 0, [1]));
  const { write } = made.node.ready();
  assert(write !== null);
  made.node.step(append(2n, 1, 1, 1, [1]));
  made.node.step(append(2n, 1, 2, 1, [1]));
  assertEquals(made.node.hasReady(), false);
  assertEquals(made.node.ready().write, null);
  made.disk.save(write);
  made.node.written(write);
  const next = made.node.ready().write;
  assertEquals(next?.entries.map(({ index }) => index), [2, 3]);
  assertEquals(next?.messages.length, 2);
  assertThrows(() => made.node.written(write), InvariantError, "under way");
});

Deno.test("RaftNode writes the hard state when term or vote changed, and only then", () => {
  const made = replica({ term: 1 });
  const writes: (string | null)[] = [];
  made.onReady = ({ write }) => {
    if (write !== null) {
      writes.push(write.hardState && `${write.hardState.term}/${write.hardState.vote}`);
    }
  };
  made.node.step(append(2n, 1, 0, 0, [1], 1));
  made.run();
  made.node.step(append(3n, 2, 1, 1, [2]));
  made.run();
  made.node.step(vote(2n, 3, { lastIndex: 9, lastTerm: 2 }));
  assertEquals(made.node.term, 2, "it stays with its leader");
  made.node.step(vote(2n, 3, { lastIndex: 9, lastTerm: 2, transfer: true }));
  made.run();
  assertEquals(writes, [null, "2/0", "3/2"]);
});

Deno.test("RaftNode survives a write that a snapshot overtakes", () => {
  const made = replica({ terms: [1], term: 1 });
  made.slowDisk = true;
  made.node.step(append(2n, 1, 1, 1, [1, 1], 3));
  made.run();
  made.node.step(snapshot(2n, 1, 9, 1));
  made.run();
  made.finishWrite();
  assertEquals(made.appliedIndex, 1, "nothing is applied while a snapshot waits");
  made.run();
  const [answer] = only(made.finishWrite(), "appendAnswer");
  assertEquals([answer.index, made.appliedIndex, made.node.status().applied], [9, 9, 9]);
});

Deno.test("RaftNode has every acknowledged entry after all replicas crashed at once", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.propose("a", "b");
  for (const replica of cluster.replicas.values()) replica.slowDisk = true;
  cluster.leader!.node.propose([command("never acknowledged")]);
  cluster.settle();
  for (const replica of cluster.replicas.values()) {
    replica.slowDisk = false;
    replica.restart();
  }
  cluster.messages = [];
  cluster.tick(40);
  cluster.propose("c");
  cluster.tick();
  for (const id of [1, 2, 3]) assertEquals(cluster.applied(id), ["a", "b", "c"]);
});
