import type { Prng } from "../../src/base/prng.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import type { MembershipChange } from "../../src/machine/membership_change.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { SimNode } from "./sim_node.ts";

/** How the membership is changed. */
type Kind = "addLearner" | "addVoter" | "promote" | "remove" | "replace";

/** More nodes than this make a run slow and show nothing new. */
const MEMBERS_MAX = 7;
const EMPTY = new Uint8Array(0);
const LEARNERS_MAX = 2;

/** Asks some replica for one change, as an operator would, and does not wait for the answer. */
export function changeMembership(
  cluster: SimCluster,
  prng: Prng,
  kind: Kind,
): (() => void) | null {
  const ups = cluster.upNodes();
  const through = ups[prng.between(0, ups.length)];
  if (through === undefined || through.replica === null) return null;
  const members = through.replica.machine.members.list();
  if (kind === "promote") {
    const learner = members.find(({ isLearner }) => isLearner);
    if (learner === undefined) return null;
    request(cluster, through, { kind: "promote", id: learner.id });
    return () => {};
  }
  if (kind === "remove" || kind === "replace") {
    const victim = members[prng.between(0, members.length)];
    if (victim === undefined || members.length < (kind === "remove" ? 2 : 1)) return null;
    request(cluster, through, { kind: "remove", id: victim.id });
    if (kind === "remove") return () => {};
  }
  if (members.length >= MEMBERS_MAX) return null;
  const node = cluster.addNode();
  const peerUrls = [`sim://${node.id}`];
  const start = () => node.start();
  if (kind === "addLearner") {
    const change = { kind: "addLearner", id: node.id, peerUrls, instanceId: EMPTY } as const;
    request(cluster, through, { ...change, learnersMax: LEARNERS_MAX }, start);
  } else {
    const change = { kind: "add", id: node.id, peerUrls, instanceId: EMPTY } as const;
    request(cluster, through, change, start);
  }
  return () => {};
}

/** @param onSettled The change is made, or whether it is, is not known. */
function request(
  cluster: SimCluster,
  { replica, clock, name }: SimNode,
  change: MembershipChange,
  onSettled: () => void = () => {},
): void {
  if (replica === null) return;
  const { verdict } = cluster;
  verdict.note("operator", () => `asks ${name} to ${change.kind} ${change.id}`);
  clock.run(() => {
    replica.changeMembers(change).then(() => {
      verdict.count(`membership ${change.kind}`);
      verdict.note("operator", () => `${change.kind} ${change.id} is done`);
      onSettled();
    }, (error) => {
      verdict.note("operator", () => `${change.kind} ${change.id}: ${error.message}`);
      if (!(error instanceof ReplicaError)) {
        verdict.report("membership", `${change.kind} fails with ${error}`);
      } else if (error.reason === "timed out") onSettled();
    });
  });
}
