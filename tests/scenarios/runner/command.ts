import type { Arguments } from "./arguments.ts";
import type { Stage } from "./stage.ts";

/** One command of the scenario language. What it prints is compared with the file. */
export interface Command {
  readonly name: string;
  /** How it is written. */
  readonly usage: string;
  run(stage: Stage, args: Arguments): void;
}
