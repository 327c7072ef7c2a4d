import type { Command } from "../command.ts";
import { describeMessage } from "../describe.ts";

/** What is on the way. */
export const messages: Command = {
  name: "messages",
  usage: "messages",
  run(stage) {
    for (const message of stage.cluster.messages) stage.print(describeMessage(message));
  },
};
