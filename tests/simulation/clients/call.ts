import type { Prng } from "../../../src/base/prng.ts";
import { ReplicaError } from "../../../src/replica/errors.ts";
import type { Replica } from "../../../src/replica/replica.ts";
import type { SimCluster } from "../sim_cluster.ts";
import type { SimNode } from "../sim_node.ts";

/** What a client knows of its request afterwards. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** Surely nothing has happened, or the request was one that changes nothing. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It may have happened, or happen later. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Refusals that say that a write was not taken. */
const SURELY_NOTHING = new Set(["too many requests", "request too large"]);
/** A client gives up after this long: longer than a replica does. */
const PATIENCE_MS = 9_000;

/**
 * Brings one request to a replica and its answer back, over a line of its own that takes time, breaks
 * when the replica dies, and loses answers now and then.
 */
export function call<T>(
  cluster: SimCluster,
  prng: Prng,
  node: SimNode,
  ask: (replica: Replica) => Promise<T> | T,
): Promise<Answer<T>> {
  const { world, options } = cluster;
  return new Promise((resolve) => {
    let isDone = false;
    const finish = (answer: Answer<T>): void => {
      if (isDone) return;
      isDone = true;
      node.onEnd.delete(onEnd);
      stopWaiting();
      resolve(answer);
    };
    const onEnd = () => {
      world.after(prng.next(), () => finish({ kind: "unknown", reason: "connection lost" }));
    };
    const stopWaiting = world.after(PATIENCE_MS, () => {
      finish({ kind: "unknown", reason: "no answer" });
    });
    const answer = (value: Answer<T>): void => {
      if (prng.chance(options.lostAnswerRate)) return onEnd();
      world.after(prng.next() * 2, () => finish(value));
    };
    node.onEnd.add(onEnd);
    world.after(prng.next() * 2, () => {
      const { replica, clock } = node;
      if (replica === null || !node.isUp) return finish({ kind: "refused", reason: "not running" });
      clock.run(() => {
        Promise.resolve(ask(replica)).then(
          (value) => {
            if (!clock.isDead) answer({ kind: "ok", value });
          },
          (error) => {
            if (!clock.isDead) answer(failureOf(cluster, error));
          },
        );
      });
    });
  });
}

function failureOf(cluster: SimCluster, error: unknown): Answer<never> {
  if (!(error instanceof ReplicaError)) {
    cluster.verdict.report("answers", `A client was answered ${error}`);
    return { kind: "unknown", reason: String(error) };
  }
  const kind = SURELY_NOTHING.has(error.reason) ? "refused" : "unknown";
  return { kind, reason: error.reason };
}
