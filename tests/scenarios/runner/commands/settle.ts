import type { Command } from "../command.ts";

/** Everything on the way is delivered, and what is sent in answer, until all is quiet. */
export const settle: Command = {
  name: "settle",
  usage: "settle [quietly]",
  run(stage, args) {
    const { cluster } = stage;
    cluster.run();
    for (let rounds = 0; cluster.messages.length > 0; rounds++) {
      if (rounds === 50) throw new Error("The cluster does not come to rest");
      stage.deliver(() => true);
    }
    if (args.has("quietly")) stage.takeLines();
  },
};
