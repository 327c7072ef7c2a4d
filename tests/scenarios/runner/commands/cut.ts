import type { Command } from "../command.ts";

/** Replicas are cut off from all others; without any the network is whole again. */
export const cut: Command = {
  name: "cut",
  usage: "cut [3 4]",
  run(stage, args) {
    stage.cut(args.words.map(Number));
  },
};
