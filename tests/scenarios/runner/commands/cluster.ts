import type { TestOptions } from "../../../raft/harness/replica.ts";
import type { Command } from "../command.ts";

/** Starts replicas 1, 2, … with empty disks: voters first, then learners, then spares. */
export const cluster: Command = {
  name: "cluster",
  usage:
    "cluster voters=3 [learners=] [spares=] [election=] [heartbeat=] [window=] [appendBytes=] " +
    "[uncommittedBytes=] [noPreVote] [noCheckQuorum] [lease]",
  run(stage, args) {
    const options: Record<string, unknown> = {
      electionTicks: args.number("election") ?? 10,
      heartbeatTicks: args.number("heartbeat") ?? 1,
      preVote: !args.has("noPreVote"),
      checkQuorum: !args.has("noCheckQuorum"),
      readMode: args.has("lease") ? "lease" : "readIndex",
      inflightMessagesMax: args.number("window") ?? 256,
      appendBytesMax: args.number("appendBytes") ?? 1_000_000,
      uncommittedBytesMax: args.number("uncommittedBytes") ?? 1_000_000,
    };
    stage.open(
      args.number("voters") ?? 0,
      args.number("learners") ?? 0,
      args.number("spares") ?? 0,
      options as TestOptions,
    );
  },
};
