import { command } from "../../../raft/harness/cluster.ts";
import type { Command } from "../command.ts";

/** Proposes commands to a replica, all in one turn. */
export const propose: Command = {
  name: "propose",
  usage: "propose 1 a b c",
  run(stage, args) {
    const result = stage.replica(args.replica).node.propose(args.words.slice(1).map(command));
    if (result !== "accepted") stage.print(result);
    stage.cluster.run();
  },
};
