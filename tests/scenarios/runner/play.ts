import { COMMANDS } from "./all_commands.ts";
import { Arguments } from "./arguments.ts";
import type { Block } from "./file_format.ts";
import { Stage } from "./stage.ts";

/** Plays a scenario. @returns Its blocks with the output that the commands really had. */
export function play(blocks: readonly Block[]): Block[] {
  const stage = new Stage();
  return blocks.map((block) => {
    if (block.command === null) return block;
    const args = new Arguments(block.command);
    const command = COMMANDS.get(args.name);
    if (command === undefined) {
      const known = [...COMMANDS.keys()].join(", ");
      throw new SyntaxError(`There is no command ${args.name}, only ${known}`);
    }
    command.run(stage, args);
    args.checkUsed();
    return { ...block, output: stage.takeLines() };
  });
}
