import type { Command } from "../command.ts";
import { describeMessage } from "../describe.ts";
import { chooser } from "./deliver.ts";

/** Messages on the way get lost. */
export const lose: Command = {
  name: "lose",
  usage: "lose [from=] [to=] [type=]",
  run(stage, args) {
    const { cluster } = stage;
    const chosen = chooser(args);
    for (const message of cluster.messages.filter(chosen)) {
      stage.print(`lost: ${describeMessage(message)}`);
    }
    cluster.messages = cluster.messages.filter((message) => !chosen(message));
  },
};
