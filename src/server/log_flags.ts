import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";
import type { LogLevel } from "./log.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The flags about the log. */
export const LOG_FLAGS: readonly FlagSpec[] = [
  {
    name: "log-level",
    kind: "string",
    default: "info",
    help: "The least that is logged: debug, info, warn or error.",
  },
  {
    name: "log-outputs",
    kind: "string",
    default: "default",
    help: "Where the log goes: stderr, stdout or files, with commas between them.",
  },
];

/** What is logged, and where. */
export interface LogSettings {
  readonly level: LogLevel;
  /** `stderr`, `stdout` or the names of files, each once. */
  readonly outputs: readonly string[];
}

/** Reads these flags. @throws {CommandError} */
export function parseLog(flags: FlagValues): LogSettings {
  const text = flags.get("log-level");
  const level = LEVELS.find((level) => level === text);
  if (level === undefined) {
    throw new CommandError(`--log-level must be one of ${LEVELS.join(", ")}: it is "${text}"`);
  }
  const given = flags.get("log-outputs").split(",").map((output) => output.trim());
  const outputs = new Set(given.map((output) => output === "default" ? "stderr" : output));
  if (outputs.has("")) {
    throw new CommandError('--log-outputs must name outputs: write "stderr", "stdout" or a file');
  }
  return { level, outputs: [...outputs] };
}
