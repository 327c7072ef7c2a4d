/** What `kvorum` does for a person who uses a cluster: one command of the table, once. */
import { KvorumError } from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { describeFlags } from "../flags.ts";
import type { Command } from "./command.ts";
import { splitCommandLine, takesNext } from "./command_line.ts";
import { placesOf, SHELLS } from "./completion.ts";
import { explain } from "./explain.ts";
import { Invocation, SHARED_FLAGS } from "./invocation.ts";
import { KV_COMMANDS } from "./kv_commands.ts";
import { LEASE_COMMANDS } from "./lease_commands.ts";
import { LOCK_COMMANDS } from "./lock_commands.ts";
import { MEMBER_COMMANDS } from "./member_commands.ts";
import { STATUS_COMMANDS } from "./status_commands.ts";
import type { Terminal } from "./terminal.ts";
import { TXN_COMMAND } from "./txn_command.ts";
import { WATCH_COMMAND } from "./watch_command.ts";

const COMMANDS: readonly Command[] = [
  ...KV_COMMANDS,
  TXN_COMMAND,
  WATCH_COMMAND,
  ...LEASE_COMMANDS,
  ...LOCK_COMMANDS,
  ...MEMBER_COMMANDS,
  ...STATUS_COMMANDS,
  {
    name: "completion",
    usage: "bash|zsh|fish",
    help: "print what completes commands in a shell",
    flags: [],
    args: [1, 1],
    run: complete,
  },
];

/** Commands under the names that etcdctl has for them, too. */
const ALIASES: Readonly<Record<string, string>> = {
  compaction: "compact",
  "endpoint status": "status",
};

/** The commands of the server's side, which are completed, too. */
const OTHERS = ["start", "serve", "snapshot", "version", "help"];

/** The commands as text for `--help`. */
export function describeCommands(): string {
  const lines = COMMANDS.map(({ name, usage, help }) => [`kvorum ${name} ${usage}`, help]);
  const width = Math.max(...lines.map(([call]) => call.length)) + 2;
  return lines.map(([call, help]) => `  ${call.padEnd(width)}${help}`).join("\n");
}

/** Whether a command line is one of these. */
export function isCtl(tokens: readonly string[]): boolean {
  const [first] = leadingFlags(tokens).rest;
  return first !== undefined && [...COMMANDS.map(({ name }) => name), ...Object.keys(ALIASES)]
    .some((name) => name.split(" ")[0] === first);
}

/** Runs a command line. What goes wrong is told in one line. @returns the exit code */
export async function ctl(tokens: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(tokens, terminal);
  } catch (error) {
    if (terminal.signal.aborted) return 1;
    // Whoever read what is written has gone, as `head` does.
    if (error instanceof Deno.errors.BrokenPipe) return 1;
    const isExplained = error instanceof CommandError || error instanceof KvorumError;
    if (!isExplained) throw error;
    const message = error instanceof KvorumError ? explain(error) : error.message;
    terminal.complain(`kvorum: ${message}`);
    return 1;
  }
}

async function run(tokens: readonly string[], terminal: Terminal): Promise<number> {
  const { flags, rest } = leadingFlags(tokens);
  const { command, behind } = commandOf(rest);
  const end = behind.indexOf("--");
  if ((end < 0 ? behind : behind.slice(0, end)).some((token) => /^(--help|-h)$/.test(token))) {
    terminal.write(new TextEncoder().encode(describe(command)));
    return 0;
  }
  const line = splitCommandLine([...command.flags, ...SHARED_FLAGS], [...flags, ...behind]);
  const [min, max] = command.args;
  const isTooMuch = line.args.length > max || line.rest.length > 0 && !command.takesProgram;
  if (line.args.length < min || isTooMuch) {
    throw new CommandError(`Write it as: kvorum ${command.name} ${command.usage} [flags]`.trim());
  }
  await using invocation = new Invocation(line, terminal);
  return await command.run(invocation);
}

/** Flags that stand before the command. */
function leadingFlags(tokens: readonly string[]): { flags: string[]; rest: string[] } {
  let at = 0;
  while (at < tokens.length && /^--?[a-z]/.test(tokens[at])) {
    at += takesNext(SHARED_FLAGS, tokens[at]) ? 2 : 1;
  }
  return { flags: tokens.slice(0, at), rest: tokens.slice(at) };
}

/** The command that is meant, and what stands behind it. @throws {CommandError} if there is none */
function commandOf(tokens: readonly string[]): { command: Command; behind: string[] } {
  for (const count of [2, 1]) {
    const called = tokens.slice(0, count).join(" ");
    const command = COMMANDS.find(({ name }) => name === (ALIASES[called] ?? called));
    if (command !== undefined) return { command, behind: tokens.slice(count) };
  }
  const [first] = tokens;
  const near = COMMANDS.filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name }) => name.slice(first.length + 1));
  throw new CommandError(`Write it as: kvorum ${first} ${near.join("|")}`);
}

function describe({ name, usage, help, flags }: Command): string {
  // That what is not given is off goes without saying.
  const specs = [...flags, ...SHARED_FLAGS].map((flag) =>
    /^(false|0)$/.test(flag.default) ? { ...flag, default: "" } : flag
  );
  return `kvorum ${`${name} ${usage}`.trim()} [flags]

  ${help}

${describeFlags(specs)}
`;
}

function complete(invocation: Invocation): Promise<number> {
  const [shell] = invocation.args;
  const script = SHELLS[shell];
  if (script === undefined) {
    throw new CommandError(`No completion for "${shell}": use ${Object.keys(SHELLS).join(", ")}`);
  }
  const text = script(placesOf(COMMANDS, OTHERS, SHARED_FLAGS));
  invocation.write(new TextEncoder().encode(text));
  return Promise.resolve(0);
}
