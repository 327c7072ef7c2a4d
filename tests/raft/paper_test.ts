/**
 * One test for each claim of the Raft paper ("In Search of an Understandable Consensus Algorithm",
 * extended version), with the section that makes it. Pre-vote and check-quorum are off here, because
 * the paper does without; so is the asynchronous disk.
 */
import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { configurationOf } from "../../src/raft/configuration.ts";
import { EntryKind } from "../../src/raft/entry.ts";
import type { Message } from "../../src/raft/message.ts";
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
import { command, TestCluster } from "./harness/cluster.ts";
import type { TestOptions, TestReplica } from "./harness/replica.ts";

const PAPER: TestOptions = { preVote: false, checkQuorum: false };

function follower(disk: Parameters<typeof replica>[0] = {}): TestReplica {
  return replica(disk, PAPER);
}

function candidate(disk: Parameters<typeof replica>[0] = {}): TestReplica {
  const made = follower(disk);
  made.node.campaign();
  return made;
}

function leader(disk: Parameters<typeof replica>[0] = {}): TestReplica {
  const made = follower(disk);
  lead(made);
  return made;
}

/** Every kind of message of a term that only a member in it can send. */
function messagesOf(term: number): Message[] {
  return [
    append(2n, term, 0, 0),
    heartbeat(2n, term),
    vote(2n, term),
    voteAnswer(2n, term, { granted: false }),
    appendAnswer(2n, term, 0),
  ];
}

Deno.test("Raft §5.1: whoever sees a higher term takes it on and becomes a follower", () => {
  for (const message of messagesOf(9)) {
    for (const made of [follower({ term: 1 }), candidate({ term: 1 }), leader({ term: 1 })]) {
      made.node.step(message);
      const { role, term } = made.node.status();
      assertEquals([role, term], ["follower", 9], message.type);
    }
  }
});

Deno.test("Raft §5.1: a request of an older term is refused", () => {
  for (const message of messagesOf(2)) {
    const made = follower({ terms: [1, 3], term: 3 });
    made.run();
    made.node.step(message);
    for (const sent of made.run()) {
      assertEquals(sent.term, 3);
      assert(sent.type === "appendAnswer" && sent.rejected, sent.type);
    }
    const { role, term, lastIndex, vote } = made.node.status();
    assertEquals([role, term, lastIndex, vote], ["follower", 3, 2, 0n]);
  }
});

Deno.test("Raft §5.2: servers begin as followers", () => {
  assertEquals(follower().node.status().role, "follower");
});

Deno.test("Raft §5.2: a leader sends heartbeats without entries to all at every interval", () => {
  const made = replica({}, { ...PAPER, heartbeatTicks: 3 });
  lead(made);
  made.run();
  for (let tick = 1; tick <= 6; tick++) {
    made.node.tick();
    const sent = made.run();
    assertEquals(sent.map(({ to }) => to), tick % 3 === 0 ? [2n, 3n] : []);
    assert(sent.every(({ type }) => type === "heartbeat"));
  }
});

Deno.test("Raft §5.2: a follower that hears nothing increments its term, votes for itself and asks all", () => {
  const made = follower({ terms: [1, 2], term: 2 });
  for (let tick = 0; tick < 20; tick++) made.node.tick();
  const { role, term, vote: voted } = made.node.status();
  assertEquals([role, term, voted], ["candidate", 3, 1n]);
  const asked = only(made.run(), "vote");
  assertEquals(asked.map(({ to, term, lastIndex, lastTerm }) => [to, term, lastIndex, lastTerm]), [
    [2n, 3, 2, 2],
    [3n, 3, 2, 2],
  ]);
});

Deno.test("Raft §5.2: a candidate without a result starts another election in a new term", () => {
  const made = candidate();
  made.run();
  for (let tick = 0; tick < 20; tick++) made.node.tick();
  assertEquals([made.node.status().role, made.node.term], ["candidate", 2]);
  assertEquals(only(made.run(), "vote").map(({ term }) => term), [2, 2]);
});

Deno.test("Raft §5.2: votes of a majority, and only they, make a leader", () => {
  const rows: [size: number, granted: number[], refused: number[], role: string][] = [
    [1, [], [], "leader"],
    [3, [], [], "candidate"],
    [3, [2], [], "leader"],
    [3, [2], [3], "leader"],
    [3, [], [2, 3], "follower"],
    [5, [2], [], "candidate"],
    [5, [2, 3], [], "leader"],
    [5, [2], [3, 4], "candidate"],
    [5, [2], [3, 4, 5], "follower"],
    // The same voter twice is one vote.
    [5, [2, 2, 2], [], "candidate"],
    // Who is no voter has no vote.
    [3, [7, 8], [], "candidate"],
  ];
  for (const [size, granted, refused, role] of rows) {
    const ids = Array.from({ length: size }, (_, i) => BigInt(i + 1));
    const made = candidate({ voters: configurationOf(ids) });
    made.run();
    for (const id of granted) made.node.step(voteAnswer(BigInt(id), 1));
    for (const id of refused) made.node.step(voteAnswer(BigInt(id), 1, { granted: false }));
    assertEquals(
      made.node.status().role,
      role,
      `${size} voters, ${granted} for, ${refused} against`,
    );
  }
});

Deno.test("Raft §5.2: a server votes for at most one candidate in a term, first come first served", () => {
  const rows: [voted: bigint, from: bigint, granted: boolean][] = [
    [0n, 2n, true],
    [0n, 3n, true],
    [2n, 2n, true],
    [2n, 3n, false],
    [1n, 3n, false],
  ];
  for (const [voted, from, granted] of rows) {
    const made = follower({ term: 1, vote: voted });
    made.node.step(vote(from, 1));
    const [answer] = only(made.run(), "voteAnswer");
    assertEquals([answer.to, answer.granted], [from, granted], `voted ${voted}, asked by ${from}`);
  }
});

Deno.test("Raft §5.2: a candidate that hears from a leader of its term follows it", () => {
  for (const message of [append(2n, 1, 0, 0), heartbeat(2n, 1)]) {
    const made = candidate();
    made.node.step(message);
    const { role, leader, term } = made.node.status();
    assertEquals([role, leader, term], ["follower", 2n, 1]);
  }
});

Deno.test("Raft §5.2: election timeouts are random between one and two times the base", () => {
  const seen = new Set<number>();
  const made = follower();
  for (let round = 0; round < 200; round++) {
    const { term } = made.node;
    let ticks = 0;
    for (; made.node.term === term; ticks++) made.node.tick();
    made.run();
    assertGreaterOrEqual(ticks, 10);
    assertLess(ticks, 20);
    seen.add(ticks);
  }
  assertEquals(seen.size, 10, "every length occurs");
});

Deno.test("Raft §5.2: random timeouts make split votes rare", () => {
  let splits = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const cluster = new TestCluster(5, { ...PAPER, electionTicks: 20, seed });
    for (let tick = 0; cluster.leader === undefined; tick++) {
      assertLess(tick, 400, "no leader");
      cluster.tick();
    }
    if (cluster.leader.node.term > 1) splits++;
  }
  assertLess(splits, 40);
});

Deno.test("Raft §5.3: a leader appends a command and sends it to all in parallel", () => {
  const made = leader({ terms: [1] });
  made.run();
  made.node.step(appendAnswer(2n, 2, 2));
  made.node.step(appendAnswer(3n, 2, 2));
  made.run();
  assertEquals(made.node.propose([command("x")]), "accepted");
  const sent = only(made.run(), "append");
  assertEquals(
    sent.map(({ to, prevIndex, prevTerm, commit }) => [to, prevIndex, prevTerm, commit]),
    [
      [2n, 2, 2, 2],
      [3n, 2, 2, 2],
    ],
  );
  for (const { entries: [entry] } of sent) {
    assertEquals([entry.index, entry.term, entry.kind], [3, 2, EntryKind.Command]);
  }
});

Deno.test("Raft §5.3: an entry is committed once a majority has it, and only then applied", () => {
  const rows: [size: number, answers: number[], committed: boolean][] = [
    [1, [], true],
    [3, [], false],
    [3, [2], true],
    [5, [2], false],
    [5, [2, 3], true],
    [5, [4, 5], true],
  ];
  for (const [size, answers, committed] of rows) {
    const cluster = new TestCluster(size, PAPER);
    const made = cluster.elect(1);
    made.node.propose([command("x")]);
    made.run();
    for (const id of answers) made.node.step(appendAnswer(BigInt(id), 1, 2));
    made.run();
    assertEquals(made.appliedIndex, committed ? 2 : 1, `${size} voters, answers of ${answers}`);
  }
});

Deno.test("Raft §5.3: a follower learns from the leader what is committed, and applies it in order", () => {
  for (const commit of [0, 1, 2, 3]) {
    const made = follower({ term: 1 });
    made.node.step(append(2n, 1, 0, 0, [1, 1, 1], commit));
    made.run();
    const indexes = made.applied.map(({ index }) => index);
    assertEquals(indexes, Array.from({ length: commit }, (_, i) => i + 1));
  }
});

Deno.test("Raft §5.3: a follower refuses entries that do not follow what it has", () => {
  const rows: [prevIndex: number, prevTerm: number, rejected: boolean, hint: number][] = [
    [0, 0, false, 0],
    [1, 1, false, 0],
    [2, 2, false, 0],
    [2, 1, true, 1],
    [3, 3, true, 2],
    [9, 2, true, 2],
  ];
  for (const [prevIndex, prevTerm, rejected, hint] of rows) {
    const made = follower({ terms: [1, 2], term: 3 });
    made.node.step(append(2n, 3, prevIndex, prevTerm));
    const [answer] = only(made.run(), "appendAnswer");
    assertEquals([answer.rejected, answer.index], [rejected, prevIndex]);
    if (rejected) assertEquals(answer.hintIndex, hint);
  }
});

Deno.test("Raft §5.3: a leader makes its followers' logs duplicates of its own (figure 7)", () => {
  const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = [
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ];
  for (const terms of followers) {
    const cluster = new TestCluster(3, PAPER);
    const [a, b] = [replica({ terms: leaderTerms, term: 7 }), replica({ terms, term: 7 })];
    cluster.replica(1).disk.entries = a.disk.entries;
    cluster.replica(2).disk.entries = b.disk.entries;
    for (const id of [1, 2]) {
      cluster.replica(id).disk.hardState = { term: 7, vote: 0n, commit: 0 };
      cluster.replica(id).restart();
    }
    // The third replica, whose log is empty, gives the vote that the follower might refuse.
    cluster.elect(1);
    cluster.tick(3);
    const all = [1, 2, 3].map((id) => cluster.replica(id).disk.entries.map(({ term }) => term));
    assertEquals(all, [[...leaderTerms, 8], [...leaderTerms, 8], [...leaderTerms, 8]]);
  }
});

Deno.test("Raft §5.4.1: a vote goes only to a candidate whose log is at least as up to date", () => {
  const rows: [mine: number[], lastIndex: number, lastTerm: number, granted: boolean][] = [
    [[1], 1, 1, true],
    [[1], 2, 1, true],
    [[1, 1], 1, 1, false],
    [[1], 1, 2, true],
    [[1, 1], 1, 2, true],
    [[2], 1, 1, false],
    [[2], 2, 1, false],
    [[1, 1], 1, 1, false],
    [[], 0, 0, true],
  ];
  for (const [terms, lastIndex, lastTerm, granted] of rows) {
    const made = follower({ terms, term: 2 });
    made.node.step(vote(2n, 3, { lastIndex, lastTerm }));
    assertEquals(
      only(made.run(), "voteAnswer")[0].granted,
      granted,
      `${terms} against ${lastIndex}`,
    );
  }
});

Deno.test("Raft §5.4.2: an entry of an older term is not committed by counting (figure 8)", () => {
  const made = leader({ terms: [1, 2], term: 2 });
  made.run();
  assertEquals(made.node.term, 3);
  made.node.step(appendAnswer(2n, 3, 2));
  assertEquals(made.node.commit, 0, "entry 2 of term 2 is on a majority, yet not committed");
  made.node.step(appendAnswer(2n, 3, 3));
  assertEquals(made.node.commit, 3, "an entry of term 3 commits all before it");
});

Deno.test("Raft §5.5: a repeated request does no harm", () => {
  const made = follower({ term: 1 });
  const message = append(2n, 1, 0, 0, [1, 1], 2);
  for (let i = 0; i < 3; i++) made.node.step(message);
  assertEquals(only(made.run(), "appendAnswer").map(({ index }) => index), [2, 2, 2]);
  assertEquals(made.applied.length, 2);
});

Deno.test("Raft §7: a follower whose entries are gone gets a snapshot, and keeps nothing older", () => {
  const cluster = new TestCluster(3, PAPER);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose("a", "b");
  cluster.replica(1).compact();
  cluster.heal();
  cluster.tick(3);
  const { disk, appliedIndex } = cluster.replica(3);
  assertEquals([disk.snapshot?.index, disk.entries.length, appliedIndex], [3, 0, 3]);
});

Deno.test("Raft §8: a new leader opens its term with an empty entry", () => {
  const made = leader({ terms: [1] });
  made.run();
  const entry = made.disk.entries.at(-1)!;
  assertEquals([entry.index, entry.term, entry.kind], [2, 2, EntryKind.Empty]);
});
