import type { Prng } from "../../src/base/prng.ts";
import { addition, request } from "./membership_faults.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { SimNode } from "./sim_node.ts";

/** How often the operator tries again. */
const RETRY_MS = 700;

/**
 * A member loses its storage: all of it, or some bits of it while its process is down, which it must
 * notice when it starts. Such a member must not come back under its identity, for it has forgotten
 * what it promised. The operator puts a new one in its place.
 */
export function loseStorage(
  cluster: SimCluster,
  prng: Prng,
  how: "wiped" | "rotten",
): (() => void) | null {
  const { oracle } = cluster;
  const ups = cluster.upNodes().filter(({ id }) => oracle.isMember(id));
  const node = ups[prng.between(0, ups.length)];
  // One at a time, be it noticed or not, and only where the others that know all members are a quorum
  // of them; and not before they know of the replacement: docs/raft.md has the price of hearing late.
  const lost = cluster.nodes.filter(({ state, disk }) => state === "lost" || disk.isRotten);
  const knowsLost = ({ replica }: SimNode) =>
    lost.some(({ id }) => replica?.machine.members.get(id) !== undefined);
  const knowsMembers = ({ replica }: SimNode) => {
    const members = replica?.machine.members.list() ?? [];
    return members.length === oracle.memberCount && members.every(({ id }) => oracle.isMember(id));
  };
  const others = ups.filter((other) => other !== node && knowsMembers(other));
  if (node === undefined || oracle.memberCount < 3) return null;
  if (2 * others.length <= oracle.memberCount || ups.some(knowsLost)) return null;
  if (how === "wiped") {
    node.wipe();
    replace(cluster, prng, node, cluster.addNode());
    return () => {};
  }
  node.crash("process");
  node.disk.rot();
  node.onLost = () => replace(cluster, prng, node, cluster.addNode());
  return () => node.start();
}

/** Asks whoever runs, until the old member is gone and the new one is there. */
function replace(cluster: SimCluster, prng: Prng, old: SimNode, fresh: SimNode): void {
  const { oracle, world } = cluster;
  const [isOld, isFresh] = [oracle.isMember(old.id), oracle.isMember(fresh.id)];
  if (isFresh) fresh.start();
  if (!isOld && isFresh) return;
  world.after(RETRY_MS * (0.5 + prng.next()), () => replace(cluster, prng, old, fresh));
  const removal = isOld ? [{ kind: "remove", id: old.id } as const] : [];
  const change = !isFresh && (!isOld || prng.chance(0.5)) ? [addition(fresh, false)] : [];
  const ups = cluster.upNodes();
  const through = ups[prng.between(0, ups.length)];
  if (through !== undefined) request(cluster, through, [...removal, ...change]);
}
