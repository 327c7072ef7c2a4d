import type { Command } from "../command.ts";

/** The replica takes a snapshot and forgets the log before it, but for the last entries to keep. */
export const compact: Command = {
  name: "compact",
  usage: "compact 1 [keep=]",
  run(stage, args) {
    const { index, term } = stage.replica(args.replica).compact(args.number("keep") ?? 0);
    stage.print(`${args.replica} has a snapshot at ${index}/${term}`);
  },
};
