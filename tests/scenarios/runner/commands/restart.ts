import type { Command } from "../command.ts";

/** The process starts from its disk, after a crash if it was running. */
export const restart: Command = {
  name: "restart",
  usage: "restart 1",
  run(stage, args) {
    stage.replica(args.replica).restart();
    stage.cluster.run();
  },
};
