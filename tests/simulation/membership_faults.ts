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
    request(cluster, through, [{ kind: "promote", id: learner.id }]);
    return () => {};
  }
  if (kind === "remove" || kind === "replace") {
    const victim = members[prng.between(0, members.length)];
    if (victim === undefined || members.length < (kind === "remove" ? 2 : 1)) return null;
    request(cluster, through, [{ kind: "remove", id: victim.id }]);
    if (kind === "remove") return () => {};
  }
  if (members.length >= MEMBERS_MAX) return null;
  const node = cluster.addNode();
  request(cluster, through, [addition(node, kind === "addLearner")], { starting: [node] });
  return () => {};
}

/**
 * Asks for several changes at once: learners are promoted, voters leave and others come, by joint
 * consensus. With force nobody looks whether that keeps the quorum alive.
 */
export function reconfigure(cluster: SimCluster, prng: Prng): (() => void) | null {
  const ups = cluster.upNodes();
  const through = ups[prng.between(0, ups.length)];
  if (through === undefined || through.replica === null) return null;
  const changes: MembershipChange[] = [];
  const members = through.replica.machine.members.list();
  for (const { id, isLearner } of members) {
    if (isLearner && prng.chance(0.8)) changes.push({ kind: "promote", id });
    else if (prng.chance(0.35)) changes.push({ kind: "remove", id });
  }
  const removed = changes.filter(({ kind }) => kind === "remove").length;
  const room = MEMBERS_MAX - members.length;
  const count = Math.min(room, Math.max(removed === members.length ? 1 : 0, prng.between(0, 3)));
  const starting = Array.from({ length: Math.max(count, 0) }, () => cluster.addNode());
  for (const node of starting) changes.push(addition(node, prng.chance(0.4)));
  if (changes.length < 2) return null;
  request(cluster, through, changes, { starting, force: prng.chance(0.4) });
  return () => {};
}

/** The change that brings in a node. */
export function addition({ id }: SimNode, isLearner: boolean): MembershipChange {
  const change = { id, peerUrls: [`sim://${id}`], instanceId: EMPTY };
  return isLearner
    ? { kind: "addLearner", ...change, learnersMax: LEARNERS_MAX }
    : { kind: "add", ...change };
}

/** A change that takes longer than this needs the new nodes to become true. */
const START_MS = 1_500;

/** Asks a node for changes; `starting` are the new nodes, which start unless the change is refused. */
export function request(
  cluster: SimCluster,
  { replica, clock, name }: SimNode,
  changes: readonly MembershipChange[],
  { starting = [], force = false }: { starting?: readonly SimNode[]; force?: boolean } = {},
): void {
  if (replica === null) return;
  const { verdict, world } = cluster;
  const kinds = changes.length > 1 ? "several" : changes[0].kind;
  const text = changes.map(({ kind, id }) => `${kind} ${id}`).join(", ");
  const start = () => starting.forEach((node) => node.start());
  verdict.note("operator", () => `asks ${name} to ${text}${force ? ", by force" : ""}`);
  clock.run(() => {
    const callOff = world.after(START_MS, start);
    replica.changeMembers(changes, { force }).then(() => {
      verdict.count(`membership ${kinds}`);
      verdict.note("operator", () => `${text}: done`);
      start();
    }, (error) => {
      verdict.note("operator", () => `${text}: ${error.message}`);
      if (!(error instanceof ReplicaError)) {
        verdict.report("membership", `${text} fails with ${error}`);
      } else if (error.reason === "timed out") start();
      else callOff();
    });
  });
}
