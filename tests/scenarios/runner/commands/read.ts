import type { Command } from "../command.ts";

/** Asks a replica for a linearizable read under a number, or several in one turn. */
export const read: Command = {
  name: "read",
  usage: "read 1 7 8",
  run(stage, args) {
    const { node } = stage.replica(args.replica);
    for (const context of args.words.slice(1)) {
      const result = node.readIndex(Number(context));
      if (result !== "accepted") stage.print(result);
    }
    stage.cluster.run();
  },
};
