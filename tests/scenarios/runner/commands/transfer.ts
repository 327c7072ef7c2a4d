import type { Command } from "../command.ts";

/** Asks a leader to hand over. */
export const transfer: Command = {
  name: "transfer",
  usage: "transfer 1 to=2",
  run(stage, args) {
    const result = stage.replica(args.replica).node.transferLeadership(
      BigInt(args.number("to") ?? 0),
    );
    if (result !== "started") stage.print(result);
    stage.cluster.run();
  },
};
