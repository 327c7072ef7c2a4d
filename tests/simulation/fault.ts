import type { MemberId } from "../../src/base/ids.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { SimNode } from "./sim_node.ts";

/** Ends an episode. */
export type Undo = () => void;
/** There is nothing to end. */
export const NOTHING: Undo = (): void => {};

/** Begins one episode of a fault and answers how to end it; null when there was nothing to hurt. */
export type Fault = (cluster: SimCluster, prng: Prng, durationMs: number) => Undo | null;

type Link = readonly [MemberId, MemberId];

/** One of some things, or undefined if there are none. */
export function anyOf<T>(prng: Prng, things: readonly T[]): T | undefined {
  return things[prng.between(0, things.length)];
}

/** Cuts what goes from the nodes of `some` to all others, and with `both` what comes from there. */
export function separate(cluster: SimCluster, some: readonly SimNode[], both: boolean): Undo {
  const links: Link[] = [];
  for (const a of some) {
    for (const b of cluster.nodes) {
      if (some.includes(b)) continue;
      links.push([a.id, b.id]);
      if (both) links.push([b.id, a.id]);
    }
  }
  return cluster.network.cut(links);
}
