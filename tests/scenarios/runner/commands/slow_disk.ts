import type { Command } from "../command.ts";

/** From now on the replica's writes end only with the command `write`. */
export const slowDisk: Command = {
  name: "slowDisk",
  usage: "slowDisk 1 [off]",
  run(stage, args) {
    stage.replica(args.replica).slowDisk = !args.has("off");
  },
};
