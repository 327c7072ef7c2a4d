import type { Command } from "../command.ts";

/** The transport tells a replica that it cannot reach another. */
export const unreachable: Command = {
  name: "unreachable",
  usage: "unreachable 1 member=2",
  run(stage, args) {
    stage.replica(args.replica).node.reportUnreachable(BigInt(args.number("member") ?? 0));
    stage.cluster.run();
  },
};
