import type { Message } from "../../../../src/raft/message.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";

/** Which messages a command is about. */
export function chooser(args: Arguments): (message: Message) => boolean {
  const [from, to, type] = [args.number("from"), args.number("to"), args.text("type")];
  return (message) =>
    (from === undefined || message.from === BigInt(from)) &&
    (to === undefined || message.to === BigInt(to)) &&
    (type === undefined || message.type === type);
}

/** Delivers what is on the way, but not what is sent in answer. */
export const deliver: Command = {
  name: "deliver",
  usage: "deliver [from=] [to=] [type=] [keep]",
  run(stage, args) {
    const copies = args.has("keep") ? stage.cluster.messages.filter(chooser(args)) : [];
    stage.deliver(chooser(args));
    stage.cluster.messages.push(...copies);
  },
};
