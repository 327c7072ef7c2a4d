import { CommandError } from "../command_error.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs a program with more in its environment, and waits for its end. What ends the wait ends the
 * program: it is asked with SIGTERM.
 *
 * @returns its exit code: as shells have it, 128 more than the signal that killed it
 * @throws {CommandError} if it cannot be started
 */
export async function runProgram(
  [file, ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const output = terminal.isOwn ? "inherit" : "piped";
  const options = { args, env, stdin: "inherit", stdout: output, stderr: "inherit" } as const;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(file, options).spawn();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot run ${file}: ${reason}`);
  }
  const stop = () => kill(child);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  if (!terminal.isOwn) { for await (const bytes of child.stdout) terminal.write(bytes); }
  const { code } = await child.status;
  signal.removeEventListener("abort", stop);
  return code;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}
