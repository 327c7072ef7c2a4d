import type { Command } from "../command.ts";

/** The process dies; what is not on its disk is gone. */
export const crash: Command = {
  name: "crash",
  usage: "crash 1",
  run(stage, args) {
    stage.replica(args.replica).crash();
  },
};
