import { VERSION } from "../version.ts";
import { CommandError } from "./command_error.ts";
import { ctl, describeCommands, isCtl } from "./ctl/ctl.ts";
import { processTerminal } from "./ctl/terminal.ts";
import { describeFlags } from "./flags.ts";
import { serve } from "./serve.ts";
import { SERVE_FLAGS } from "./serve_flags.ts";
import { untilSignal } from "./signals.ts";
import { RESTORE_FLAGS, SAVE_FLAGS, snapshotCommand } from "./snapshot_command.ts";
import { start } from "./start.ts";
import { START_FLAGS } from "./start_flags.ts";

const HELP = `kvorum ${VERSION}: etcd's coordination store for the Web platform

  kvorum start [flags]   run a whole cluster on this machine
  kvorum serve [flags]   run one replica of a cluster
  kvorum snapshot save FILE [flags]      copy a running cluster's state into a file
  kvorum snapshot status FILE            check a snapshot file and say what it holds
  kvorum snapshot restore FILE [flags]   begin a new cluster from a snapshot file
  kvorum version         print the version

To use a cluster (each with --help):
${describeCommands()}

Flags of start:
${describeFlags(START_FLAGS)}

Flags of serve (each also as its ETCD_… environment variable):
${describeFlags(SERVE_FLAGS)}

Flags of snapshot save:
${describeFlags(SAVE_FLAGS)}

Flags of snapshot restore:
${describeFlags(RESTORE_FLAGS)}`;

/** Runs the command line and answers the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  if (isCtl(args)) return await untilSignal((signal) => ctl(args, processTerminal(signal)));
  const [command = "help", ...rest] = args;
  if (rest.includes("--help") || rest.includes("-h")) return print(HELP);
  switch (command) {
    case "serve":
      return await untilSignal((signal) => serve(rest, (name) => Deno.env.get(name), signal));
    case "start":
      return await untilSignal((signal) => start(rest, signal));
    case "snapshot":
      return print(await untilSignal((signal) => snapshotCommand(rest, signal)));
    case "version":
    case "--version":
      return print(`kvorum ${VERSION}`);
    case "help":
    case "--help":
    case "-h":
      return print(HELP);
    default:
      throw new CommandError(
        `Unknown command "${command}": see kvorum help`,
      );
  }
}

function print(text: string): number {
  // deno-lint-ignore no-console
  console.log(text);
  return 0;
}

/** Runs a command line to its end and then the process: `name` is what the user has called. */
export async function runProgram(name: string, program: () => Promise<number>): Promise<never> {
  try {
    Deno.exit(await program());
  } catch (error) {
    // A mistake in use is told in one line; anything else is ours, and its trace helps to find it.
    const isExplained = error instanceof CommandError ||
      (error instanceof Error && error.name.startsWith("Storage"));
    // deno-lint-ignore no-console
    console.error(isExplained ? `${name}: ${(error as Error).message}` : error);
    Deno.exit(1);
  }
}

if (import.meta.main) await runProgram("kvorum", () => main(Deno.args));
