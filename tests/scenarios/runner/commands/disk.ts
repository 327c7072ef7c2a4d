import { entries } from "../../../raft/harness/builders.ts";
import type { Command } from "../command.ts";

/** Restarts a replica from a disk with entries of these terms, and with this hard state. */
export const disk: Command = {
  name: "disk",
  usage: "disk 1 [terms=1,1,2] [term=] [vote=] [commit=]",
  run(stage, args) {
    const replica = stage.replica(args.replica);
    const terms = args.numbers("terms") ?? [];
    replica.disk.entries = entries(1, ...terms);
    replica.disk.hardState = {
      term: args.number("term") ?? terms.at(-1) ?? 0,
      vote: BigInt(args.number("vote") ?? 0),
      commit: args.number("commit") ?? 0,
    };
    replica.restart();
  },
};
