import type { Command } from "../command.ts";
import { describeStatus } from "../describe.ts";

/** Where replicas stand: those named, or all. */
export const status: Command = {
  name: "status",
  usage: "status [1 2]",
  run(stage, args) {
    for (const replica of stage.cluster.replicas.values()) {
      if (args.words.length > 0 && !args.has(`${replica.id}`)) continue;
      if (!replica.alive) stage.print(`${replica.id} is dead`);
      else for (const line of describeStatus(replica.node.status())) stage.print(line);
    }
  },
};
