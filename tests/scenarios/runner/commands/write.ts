import type { Command } from "../command.ts";

/** The write of a slow disk is durable; what follows from it happens. */
export const write: Command = {
  name: "write",
  usage: "write 1",
  run(stage, args) {
    stage.finishWrite(args.replica);
    stage.cluster.run();
  },
};
