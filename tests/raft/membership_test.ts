import { assert, assertEquals } from "@std/assert";
import { configurationOf } from "../../src/raft/configuration.ts";
import {
  decodeConfigurationChange,
  encodeConfigurationChange,
  LEAVE_JOINT,
  type MemberChange,
} from "../../src/raft/configuration_change.ts";
import { EntryKind } from "../../src/raft/entry.ts";
import { appendAnswer, change, heartbeatAnswer, lead, only, replica } from "./harness/builders.ts";
import { command, TestCluster } from "./harness/cluster.ts";

const addVoter = (id: number): MemberChange => ({ kind: "addVoter", id: BigInt(id) });
const addLearner = (id: number): MemberChange => ({ kind: "addLearner", id: BigInt(id) });
const remove = (id: number): MemberChange => ({ kind: "remove", id: BigInt(id) });

/** Three voters led by replica 1, and spare replicas 4 and 5 that know the voters. */
function cluster(): TestCluster {
  const made = new TestCluster(3);
  for (const id of [4n, 5n]) made.add(id, configurationOf([1n, 2n, 3n]));
  made.elect(1);
  return made;
}

function propose(made: TestCluster, ...changes: MemberChange[]): string {
  assert(made.leader !== undefined);
  const result = made.leader.node.proposeConfiguration(change(changes));
  made.settle();
  return result;
}

function voters(made: TestCluster, id = 1): string {
  const { voters, outgoing, learners } = made.replica(id).node.configuration;
  const parts = [voters.join(" ")];
  if (outgoing.length > 0) parts.push(`from ${outgoing.join(" ")}`);
  if (learners.length > 0) parts.push(`learners ${learners.join(" ")}`);
  return parts.join(", ");
}

Deno.test("RaftNode adds a learner, promotes it, and removes a voter, one at a time", () => {
  const made = cluster();
  assertEquals(propose(made, addLearner(4)), "accepted");
  made.propose("a");
  assertEquals(made.applied(4), ["a"]);
  assertEquals(propose(made, addVoter(4)), "accepted");
  assertEquals(propose(made, remove(3)), "accepted");
  made.tick();
  for (const id of [1, 2, 4]) assertEquals(voters(made, id), "1 2 4");
  made.isolate(3);
  made.tick(30);
  assertEquals(made.leader?.id, 1n);
});

Deno.test("RaftNode replaces several voters at once through a joint configuration", () => {
  const made = cluster();
  assertEquals(propose(made, addVoter(4), addVoter(5), remove(2), remove(3)), "quorumAtRisk");
  assertEquals(propose(made, addLearner(4), addLearner(5)), "accepted");
  assertEquals(propose(made, addVoter(4), addVoter(5), remove(2), remove(3)), "accepted");
  made.tick();
  for (const id of [1, 4, 5]) assertEquals(voters(made, id), "1 4 5");
  const kinds = made.replica(4).applied.filter(({ kind }) => kind === EntryKind.Configuration);
  assertEquals(kinds.length, 3, "learners in, joint in, joint out");
});

Deno.test("RaftNode takes one change at a time, until it is applied", () => {
  const made = replica({});
  lead(made);
  made.run();
  const result = () => made.node.proposeConfiguration(change([addLearner(4)]));
  assertEquals(result(), "pending", "nothing of this term is committed yet");
  made.node.step(appendAnswer(2n, 1, 1));
  assertEquals(result(), "pending", "nor applied");
  made.run();
  assertEquals(result(), "accepted");
  assertEquals(result(), "pending");
  made.run();
  made.node.step(appendAnswer(2n, 1, 2));
  made.run();
  assertEquals(result(), "accepted");
});

Deno.test("RaftNode as new leader takes no change before it knows what became of an earlier one", () => {
  const made = replica({ terms: [1], term: 1 });
  const data = encodeConfigurationChange(change([addLearner(4)]));
  made.disk.entries.push({ term: 1, index: 2, kind: EntryKind.Configuration, data });
  made.restart();
  const term = lead(made);
  made.run();
  const result = () => made.node.proposeConfiguration(change([addLearner(5)]));
  assertEquals(result(), "pending");
  // The change of the old leader is committed with the new one's first entry, and then applied.
  made.node.step(appendAnswer(2n, term, 3));
  assertEquals(result(), "pending");
  made.run();
  assertEquals(made.node.configuration.learners, [4n]);
  assertEquals(result(), "accepted");
});

Deno.test("RaftNode with a committed change that it has not applied does not campaign", () => {
  const made = cluster();
  propose(made, addLearner(4));
  const late = made.replica(2);
  const { entries } = late.disk;
  late.disk.hardState = { term: 1, vote: 1n, commit: entries.length };
  late.restart();
  late.node.campaign();
  assertEquals(late.node.status().role, "follower");
  late.run();
  late.node.campaign();
  assertEquals(late.node.status().role, "preCandidate");
});

Deno.test("RaftNode writes the commit index along with a change of the configuration", () => {
  // Whoever restarts with change C3 in its log must know that C2 is committed, or it campaigns in C1.
  const made = cluster();
  propose(made, addVoter(4));
  made.tick();
  made.lost = ({ to }) => to !== 3n;
  made.leader!.node.proposeConfiguration(change([addVoter(5)]), { force: true });
  made.settle();
  const { disk } = made.replica(3);
  assertEquals(decodeConfigurationChange(disk.entries.at(-1)!.data).changes, [addVoter(5)]);
  made.replica(3).restart();
  assertEquals(disk.hardState.commit >= 2, true);
  made.replica(3).run();
  assertEquals(voters(made, 3), "1 2 3 4");
});

Deno.test("RaftNode leaves a joint configuration also when its leader crashes in between", () => {
  const made = cluster();
  propose(made, addLearner(4), addLearner(5));
  made.leader!.node.proposeConfiguration(change([addVoter(4), addVoter(5)]));
  made.run();
  // The leader dies as soon as it has applied the joint configuration.
  while (made.replica(1).node.configuration.outgoing.length === 0) made.deliver();
  made.replica(1).crash();
  made.messages = [];
  made.tick(60);
  assert(made.leader !== undefined);
  for (const id of [2, 3, 4, 5]) assertEquals(voters(made, id), "1 2 3 4 5");
});

Deno.test("RaftNode leaves an explicit joint configuration only when told to", () => {
  const made = cluster();
  propose(made, addLearner(4));
  const joint = change([addVoter(4)], "jointExplicit");
  assertEquals(made.leader!.node.proposeConfiguration(joint), "accepted");
  made.tick(30);
  assertEquals(voters(made), "1 2 3 4, from 1 2 3");
  assertEquals(propose(made, addLearner(5)), "joint");
  assertEquals(made.leader!.node.proposeConfiguration(LEAVE_JOINT), "accepted");
  made.settle();
  assertEquals(voters(made), "1 2 3 4");
  assertEquals(made.leader!.node.proposeConfiguration(LEAVE_JOINT), "notJoint");
});

Deno.test("RaftNode in a joint configuration commits with both majorities only", () => {
  const made = cluster();
  propose(made, addLearner(4), addLearner(5));
  const joint = change([addVoter(4), addVoter(5), remove(2), remove(3)], "jointExplicit");
  made.leader!.node.proposeConfiguration(joint);
  made.tick();
  assertEquals(voters(made), "1 4 5, from 1 2 3");
  const before = made.replica(1).node.commit;
  made.isolate(2, 3);
  made.leader!.node.propose([command("x")]);
  made.settle();
  assertEquals(made.replica(1).node.commit, before, "1 4 5 alone cannot commit");
  made.heal();
  made.tick(2);
  assertEquals(made.applied(4), ["x"]);
});

Deno.test("RaftNode as leader that removes itself goes when its successor is elected", () => {
  const made = cluster();
  assertEquals(propose(made, remove(1)), "accepted");
  made.tick(2);
  assert(made.leader !== undefined && made.leader.id !== 1n);
  assertEquals(made.leader.node.term, 2, "the successor needed no election timeout");
  assertEquals(made.replica(1).node.status().role, "follower");
  assertEquals(voters(made, 2), "2 3");
  made.tick(100);
  assertEquals(made.leader.node.term, 2, "the removed replica disturbs nobody");
  made.propose("a");
  assertEquals(made.applied(3), ["a"]);
});

Deno.test("RaftNode of two voters can lose its leader by removal, even when messages get lost", () => {
  const made = new TestCluster(2);
  made.elect(1);
  made.leader!.node.proposeConfiguration(change([remove(1)]));
  made.lost = ({ type, from }) => from === 1n && (type === "heartbeat" || type === "timeoutNow");
  made.settle();
  made.leader?.node.propose([command("x")]);
  made.heal();
  made.tick(60);
  assertEquals(made.leader?.id, 2n);
  assertEquals(voters(made, 2), "2");
});

Deno.test("RaftNode refuses to promote a learner that is far behind, unless forced", () => {
  const made = cluster();
  made.isolate(4);
  propose(made, addLearner(4));
  made.propose("a", "b", "c");
  assertEquals(propose(made, addVoter(4)), "learnerBehind");
  made.heal();
  made.tick(3);
  assertEquals(propose(made, addVoter(4)), "accepted");
});

Deno.test("RaftNode refuses a change that a dead voter would turn into a lost quorum", () => {
  const made = cluster();
  made.replica(3).crash();
  made.tick(12);
  assertEquals(propose(made, addVoter(4)), "quorumAtRisk", "2 of 4 alive would be no majority");
  assertEquals(propose(made, remove(2)), "quorumAtRisk");
  assertEquals(propose(made, remove(3)), "accepted", "removing the dead one is what helps");
  assertEquals(propose(made, addLearner(4)), "accepted", "a learner does not count");
});

Deno.test("RaftNode of one voter can grow", () => {
  const made = new TestCluster(1);
  made.add(2n, configurationOf([1n]));
  made.elect(1);
  assertEquals(propose(made, addVoter(2)), "accepted");
  made.tick(2);
  made.propose("a");
  assertEquals(made.applied(2), ["a"]);
  assertEquals(voters(made, 2), "1 2");
});

Deno.test("RaftNode keeps a promotion over restarts and snapshots, and removed members stay away", () => {
  const made = cluster();
  propose(made, addLearner(4));
  propose(made, addVoter(4));
  propose(made, remove(3));
  made.tick();
  made.replica(2).compact();
  made.replica(4).restart();
  made.replica(2).restart();
  made.tick(3);
  for (const id of [2, 4]) assertEquals(voters(made, id), "1 2 4");
  made.replica(1).crash();
  made.tick(60);
  assert(made.leader !== undefined && [2n, 4n].includes(made.leader.id));
  assertEquals(voters(made, Number(made.leader.id)), "1 2 4");
});

Deno.test("RaftNode elects a promoted voter that does not know of its promotion by others' votes", () => {
  // Only 2 and 3 have the change; 4 must vote although it takes itself for a learner.
  const made = cluster();
  propose(made, addLearner(4));
  made.lost = ({ to }) => to === 4n;
  propose(made, addVoter(4));
  made.replica(1).crash();
  made.replica(2).crash();
  made.heal();
  made.replica(2).restart();
  made.replica(2).crash();
  made.replica(1).restart();
  made.tick(60);
  assert(made.leader !== undefined, "1, 3 and 4 are a majority of four");
  assertEquals(voters(made, 4), "1 2 3 4");
});

Deno.test("RaftNode does not count what learners have", () => {
  const configuration = { ...configurationOf([1n, 2n, 3n]), learners: [4n, 5n] };
  const made = replica({ voters: configuration });
  lead(made);
  made.run();
  for (const id of [4n, 5n]) made.node.step(appendAnswer(id, 1, 1));
  assertEquals(made.node.commit, 0);
  for (let i = 0; i < 11; i++) {
    made.node.tick();
    for (const id of [4n, 5n]) made.node.step(heartbeatAnswer(id, 1));
  }
  assertEquals(made.node.isLeader, false, "nor does their life keep a leader");
  assertEquals(only(made.run(), "vote"), []);
});
