import type { Command } from "../command.ts";

/** Time passes for one replica, or for `all`; messages stay on the way. */
export const tick: Command = {
  name: "tick",
  usage: "tick 1|all [count=]",
  run(stage, args) {
    const { replicas } = stage.cluster;
    const chosen = args.has("all") ? [...replicas.values()] : [stage.replica(args.replica)];
    for (let count = args.number("count") ?? 1; count > 0; count--) {
      for (const replica of chosen) if (replica.alive) replica.node.tick();
      stage.cluster.run();
    }
  },
};
