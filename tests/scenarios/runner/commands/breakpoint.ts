import type { Command } from "../command.ts";

/** Does nothing: a place for a debugger to stop at. */
export const breakpoint: Command = {
  name: "_breakpoint",
  usage: "_breakpoint",
  run() {
    // deno-lint-ignore no-debugger
    debugger;
  },
};
