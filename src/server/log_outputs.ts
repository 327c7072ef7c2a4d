import { CommandError } from "./command_error.ts";
import type { Logger } from "./log.ts";

interface Output {
  writeSync(bytes: Uint8Array): number;
}

const encoder = new TextEncoder();

/**
 * Opens what `--log-outputs` names and answers what writes a line to all of it, at once: the log must
 * be out before the process may die. Files are appended to and stay open as long as the process lives.
 *
 * @throws {CommandError} for a file that cannot be written.
 */
export function openLogOutputs(names: readonly string[]): (line: string) => void {
  const outputs = names.map(open);
  return (line) => {
    const bytes = encoder.encode(line);
    for (const output of outputs) writeAll(output, bytes);
  };
}

function open(name: string): Output {
  if (name === "stderr") return Deno.stderr;
  if (name === "stdout") return Deno.stdout;
  try {
    return Deno.openSync(name, { append: true, create: true });
  } catch (error) {
    throw new CommandError(`Cannot write the log to ${name}: ${(error as Error).message}`);
  }
}

function writeAll(output: Output, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
  } catch {
    // Nobody reads the log any more, or its disk is full. Serving goes on.
  }
}

/**
 * Makes lines of the log out of what the runtime says on the console, as its warnings, until the
 * answer is disposed of: whoever reads the log as JSON must not meet anything else.
 */
export function logConsole(logger: Logger): Disposable {
  const say = (level: "info" | "warn" | "error") => (...values: unknown[]) =>
    logger.log(level, "server/console", values.map(String).join(" "));
  const { log, info, warn, error } = console;
  Object.assign(console, {
    log: say("info"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
  });
  return { [Symbol.dispose]: () => void Object.assign(console, { log, info, warn, error }) };
}
