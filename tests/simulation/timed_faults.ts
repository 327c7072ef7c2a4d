import type { Prng } from "../../src/base/prng.ts";
import { anyOf, separate, type Undo } from "./fault.ts";
import { request } from "./membership_faults.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { SimNode } from "./sim_node.ts";

/** How often somebody looks who leads, to hit in the right moment. */
const WATCH_MS = 10;

/**
 * The leader is cut off. When another has taken over and committed something, that one dies, and the
 * old one is back with whatever its log has become.
 */
export function leaderReturns(cluster: SimCluster, prng: Prng): Undo | null {
  const old = cluster.leader();
  if (old === undefined) return null;
  let heal: Undo | null = separate(cluster, [old], true);
  const end = (): void => {
    heal?.();
    heal = null;
  };
  const watch = (): void => {
    if (heal === null) return;
    const successor = cluster.leader();
    const status = successor?.replica?.status();
    const hasTakenOver = successor !== old && status !== undefined &&
      cluster.chosen.newestTerm === status.term;
    if (!hasTakenOver) return void cluster.world.after(WATCH_MS, watch);
    cluster.world.after(prng.next() * 200, () => {
      if (heal === null) return;
      end();
      successor?.crash("process");
      cluster.world.after(prng.next() * 5_000, () => successor?.start());
    });
  };
  watch();
  return end;
}

/** Each leader is cut off soon after its election, and the one before it is back (Raft, figure 8). */
export function leaderHunt(cluster: SimCluster, prng: Prng): Undo {
  let heal: Undo | null = () => {};
  let last: SimNode | undefined;
  const watch = (): void => {
    if (heal === null) return;
    const leader = cluster.leader();
    if (leader === undefined || leader === last) return void cluster.world.after(WATCH_MS, watch);
    last = leader;
    cluster.world.after(prng.next() ** 2 * 400, () => {
      if (heal === null) return;
      heal();
      heal = separate(cluster, [leader], true);
      watch();
    });
  };
  watch();
  return () => {
    heal?.();
    heal = null;
  };
}

/**
 * The leader removes another member while its disk is slow, and dies when that one has heard of it:
 * the leader must have known for good before it told.
 */
export function removeThenCrash(cluster: SimCluster, prng: Prng): Undo | null {
  const leader = cluster.leader();
  const victim = anyOf(prng, cluster.upNodes().filter((node) => node !== leader));
  if (leader === undefined || victim === undefined) return null;
  leader.disk.slownessMs = prng.next() * 2_000;
  request(cluster, leader, [{ kind: "remove", id: victim.id }]);
  let isOver = false;
  const watch = (): void => {
    if (isOver) return;
    if (!victim.hasHeardOfRemoval) return void cluster.world.after(WATCH_MS, watch);
    leader.crash(prng.chance(0.5) ? "power" : "process");
  };
  watch();
  return () => {
    isOver = true;
    leader.disk.heal();
    leader.start();
  };
}

/** A process dies at some step of its disk, starts again and dies again, for as long as it lasts. */
export function crashLoop(cluster: SimCluster, prng: Prng): Undo | null {
  const node = anyOf(prng, cluster.upNodes());
  if (node === undefined) return null;
  let isOver = false;
  const again = (): void => {
    if (isOver) return;
    node.start();
    node.disk.stepsToCrash ??= prng.between(0, 25);
    cluster.world.after(prng.next() * 100, again);
  };
  again();
  return () => {
    isOver = true;
    node.disk.heal();
    node.start();
  };
}

/** A process is killed and back at once, as with an init system, and maybe soon again. */
export function kill(cluster: SimCluster, prng: Prng): Undo | null {
  const node = anyOf(prng, cluster.upNodes());
  if (node === undefined) return null;
  let isOver = false;
  const once = (): void => {
    if (isOver) return;
    if (node.isUp) {
      node.crash("process");
      node.start();
    }
    if (prng.chance(0.6)) cluster.world.after(prng.next() * 400, once);
  };
  once();
  return () => {
    isOver = true;
  };
}

/**
 * A follower hears everything late and is killed now and then when it has just asked for a read: the
 * answer finds the next process, which has asked anew.
 */
export function killReader(cluster: SimCluster, prng: Prng): Undo | null {
  const leader = cluster.leader();
  const node = anyOf(prng, cluster.upNodes().filter((node) => node !== leader));
  if (node === undefined) return null;
  const mend = cluster.network.worsen({
    lossRate: 0,
    delayMs: 200 + prng.next() * 600,
    to: node.id,
  });
  let isOver = false;
  node.onReadAsked = () => {
    if (prng.chance(0.5)) return;
    cluster.world.after(prng.next() * 60, () => {
      if (isOver || !node.isUp) return;
      node.crash("process");
      node.start();
    });
  };
  return () => {
    isOver = true;
    node.onReadAsked = () => {};
    mend();
  };
}
