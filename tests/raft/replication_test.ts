import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import type { Message } from "../../src/raft/message.ts";
import {
  append,
  appendAnswer,
  entries,
  heartbeat,
  heartbeatAnswer,
  lead,
  only,
  replica,
} from "./harness/builders.ts";
import { command, TestCluster } from "./harness/cluster.ts";
import type { TestOptions, TestReplica } from "./harness/replica.ts";

/** A leader of three voters whose followers have everything so far. */
function leader(options: TestOptions = {}): TestReplica {
  const made = replica({}, options);
  lead(made);
  made.run();
  made.node.step(appendAnswer(2n, 1, 1));
  made.node.step(appendAnswer(3n, 1, 1));
  made.run();
  return made;
}

function propose(made: TestReplica, count: number): void {
  made.node.propose(Array.from({ length: count }, () => command("x")));
}

function progressOf(made: TestReplica, id: bigint) {
  const found = made.node.status().progress.find((progress) => progress.id === id);
  assert(found !== undefined);
  return found;
}

Deno.test("RaftNode as follower keeps what a late message does not contradict", () => {
  const made = replica({ terms: [1, 1, 1], term: 1 });
  made.node.step(append(2n, 1, 0, 0, [1]));
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.index, made.node.status().lastIndex], [1, 3]);
});

Deno.test("RaftNode as follower commits only what the message itself covers", () => {
  const made = replica({ terms: [1, 1, 1], term: 2 });
  made.node.step(append(2n, 2, 1, 1, [], 3));
  made.run();
  assertEquals(made.node.commit, 1, "entries 2 and 3 may differ from the leader's");
});

Deno.test("RaftNode as leader caps a heartbeat's commit by what the follower is known to have", () => {
  const made = leader();
  propose(made, 1);
  made.run();
  made.node.step(appendAnswer(2n, 1, 2));
  made.run();
  made.node.tick();
  const sent = only(made.run(), "heartbeat");
  assertEquals(sent.map(({ to, commit }) => [to, commit]), [[2n, 2], [3n, 1]]);
});

Deno.test("RaftNode as follower answers an append for a compacted prefix", () => {
  const cluster = new TestCluster(3);
  cluster.elect(1);
  cluster.propose("a", "b");
  cluster.tick();
  const made = cluster.replica(2);
  made.compact();
  made.node.step({ ...append(1n, 1, 0, 0, [1, 1]), to: 2n });
  const [answer] = only(made.run(), "appendAnswer");
  assertEquals([answer.rejected, answer.index], [false, 3]);
});

Deno.test("RaftNode as follower drops an append whose entries do not follow each other", () => {
  const made = replica({ terms: [1], term: 2 });
  const good = append(2n, 2, 1, 1, [1, 2]);
  const [first, second] = good.entries;
  for (const bad of [[second], [first, first], [second, first], [{ ...first, term: 3 }]]) {
    made.node.step({ ...good, entries: bad });
    assertEquals(made.run(), []);
  }
  assertEquals(made.node.status().lastIndex, 1);
});

Deno.test("RaftNode finds the end of a long divergence with few probes", () => {
  const cases: [leader: number[], follower: number[]][] = [
    [[1, ...Array(200).fill(3), 5], [1, ...Array(200).fill(2)]],
    [[1, ...Array(200).fill(2), 5], [1, ...Array(200).fill(3)]],
    [[1, 1, 5], [1, ...Array(300).fill(4)]],
    [[1, ...Array(300).fill(4)], [1, 2, 3]],
  ];
  for (const [mine, theirs] of cases) {
    const cluster = new TestCluster(3);
    for (const [id, terms] of [[1, mine], [2, theirs]] as const) {
      const { disk } = cluster.replica(id);
      disk.entries = entries(1, ...terms);
      disk.hardState = { term: 6, vote: 0n, commit: 0 };
      cluster.replica(id).restart();
    }
    cluster.isolate(2);
    cluster.elect(1);
    cluster.heal();
    let refusals = 0;
    cluster.lost = (message) => {
      if (message.type === "appendAnswer" && message.rejected) refusals++;
      return false;
    };
    cluster.tick(5);
    assertEquals(cluster.replica(2).disk.entries, cluster.replica(1).disk.entries);
    assertLess(refusals, 5);
  }
});

Deno.test("RaftNode as leader stops sending when the window is full, and goes on with the answers", () => {
  const made = leader({ inflightMessagesMax: 2, appendBytesMax: 1 });
  propose(made, 5);
  const sent = only(made.run(), "append").filter(({ to }) => to === 2n);
  assertEquals(sent.map(({ prevIndex, entries }) => [prevIndex, entries.length]), [[1, 1], [2, 1]]);
  made.node.step(appendAnswer(2n, 1, 2));
  const more = only(made.run(), "append").filter(({ to }) => to === 2n);
  assertEquals(more.filter(({ entries }) => entries.length > 0).map(({ prevIndex }) => prevIndex), [
    3,
  ]);
  // The answers got lost: a sign of life lets one empty message through, which finds that out.
  made.node.step(heartbeatAnswer(2n, 1));
  const poke = only(made.run(), "append").filter(({ to }) => to === 2n);
  assertEquals(poke.map(({ prevIndex, entries }) => [prevIndex, entries.length]), [[4, 0]]);
  assertEquals(progressOf(made, 2n).paused, true);
});

Deno.test("RaftNode as leader frees the window of a follower that it has to probe again", () => {
  const made = leader({ inflightMessagesMax: 2, appendBytesMax: 1 });
  propose(made, 5);
  made.run();
  made.node.reportUnreachable(2n);
  made.run();
  const { state, inflightMessages, next } = progressOf(made, 2n);
  assertEquals([state, inflightMessages, next], ["probe", 0, 2]);
});

Deno.test("RaftNode recovers a follower whose messages were all lost", () => {
  const cluster = new TestCluster(3, { inflightMessagesMax: 2, appendBytesMax: 1 });
  cluster.elect(1);
  cluster.lost = ({ type, to }) => type === "append" && to === 3n;
  cluster.propose("a", "b", "c", "d");
  cluster.heal();
  cluster.tick(3);
  assertEquals(cluster.applied(3), ["a", "b", "c", "d"]);
});

Deno.test("RaftNode as leader lets next stay above match whatever answers come", () => {
  const answer = fc.record({
    rejected: fc.boolean(),
    index: fc.nat(6),
    hintIndex: fc.nat(8),
    hintTerm: fc.nat(2),
    alive: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(answer, { maxLength: 40 }), (answers) => {
    const made = leader({ inflightMessagesMax: 2 });
    propose(made, 5);
    made.run();
    let matched = 0;
    for (const { rejected, index, hintIndex, hintTerm, alive } of answers) {
      if (alive) made.node.step(heartbeatAnswer(2n, 1));
      else made.node.step(appendAnswer(2n, 1, index, { rejected, hintIndex, hintTerm }));
      made.run();
      const { match, next } = progressOf(made, 2n);
      assert(match >= matched && match < next, `match ${match}, next ${next}`);
      matched = match;
    }
  }));
});

Deno.test("RaftNode takes doubled and reordered messages of every type without going back", () => {
  const cluster = new TestCluster(3);
  const seen: Message[] = [];
  cluster.lost = (message) => {
    seen.push(message);
    return false;
  };
  cluster.elect(1);
  cluster.propose("a", "b");
  cluster.replica(2).node.readIndex(1);
  cluster.settle();
  cluster.tick(2);
  const before = [1, 2, 3].map((id) => cluster.replica(id).node.status());
  cluster.messages = [...seen, ...seen.toReversed()];
  cluster.heal();
  cluster.settle();
  for (const [i, old] of before.entries()) {
    const now = cluster.replica(i + 1).node.status();
    assertEquals([now.term, now.lastIndex, now.commit], [old.term, old.lastIndex, old.commit]);
    for (const [j, progress] of old.progress.entries()) {
      assertEquals(now.progress[j].match, progress.match);
    }
  }
});

Deno.test("RaftNode.propose() is bounded in uncommitted bytes, and free again after the commit", () => {
  const made = leader({ uncommittedBytesMax: 40 });
  assertEquals(made.node.propose([command("xx"), command("xx")]), "accepted", "36 of 40 bytes");
  assertEquals(made.node.propose([command("x")]), "overloaded");
  made.run();
  assertEquals(made.node.status().uncommittedBytes, 36);
  made.node.step(appendAnswer(2n, 1, 3));
  assertEquals(made.node.status().uncommittedBytes, 0);
  // Something is always let through when nothing waits.
  assertEquals(made.node.propose([new Uint8Array(1000)]), "accepted");
});

Deno.test("RaftNode counts what an earlier leader left uncommitted", () => {
  const made = replica({ terms: [1, 1], term: 1 }, { uncommittedBytesMax: 60 });
  lead(made);
  made.run();
  assertEquals(made.node.status().uncommittedBytes, 3 * 16 + 6);
  made.node.step(appendAnswer(2n, 2, 3));
  assertEquals(made.node.status().uncommittedBytes, 0);
});

Deno.test("RaftNode.propose() is refused by who does not lead", () => {
  assertEquals(replica({}).node.propose([command("x")]), "notLeader");
});

Deno.test("RaftNode tells followers at once what is committed", () => {
  const made = leader();
  propose(made, 1);
  made.run();
  made.node.step(appendAnswer(2n, 1, 2));
  const sent = only(made.run(), "append");
  assertEquals(sent.map(({ to, commit, entries }) => [to, commit, entries.length]), [
    [2n, 2, 0],
    [3n, 2, 0],
  ]);
});

Deno.test("RaftNode.ready() hands out committed entries in portions", () => {
  const made = replica({ terms: [1, 1, 1], term: 1, commit: 3 }, { committedBytesMax: 1 });
  const portions: number[] = [];
  made.onReady = ({ committed }) => portions.push(committed.length);
  made.run();
  assertEquals(portions, [1, 1, 1]);
});

Deno.test("RaftNode with a higher term tells a leader of an older one", () => {
  for (const message of [append(2n, 1, 0, 0), heartbeat(2n, 1)]) {
    const made = replica({ term: 5 });
    made.node.step(message);
    const [answer] = only(made.run(), "appendAnswer");
    assertEquals([answer.term, answer.rejected], [5, true]);
  }
});
