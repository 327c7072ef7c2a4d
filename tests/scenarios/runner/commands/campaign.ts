import type { Command } from "../command.ts";

/** The replica campaigns as if its election timeout had passed. */
export const campaign: Command = {
  name: "campaign",
  usage: "campaign 1",
  run(stage, args) {
    stage.replica(args.replica).node.campaign();
    stage.cluster.run();
  },
};
