import { CommandError } from "./command_error.ts";
import { parseListenUrl } from "./listen_url.ts";

/** Why an address of a flag cannot be listened on, and what to do about it. */
export function bindError(flag: string, url: string, error: unknown): CommandError {
  const { hostname, port, path } = parseListenUrl(flag, url);
  if (error instanceof CommandError) return error;
  if (path === null && isTaken(error)) {
    return new CommandError(
      `Port ${port} of ${hostname} is taken (--${flag}): stop the program that holds it or ` +
        `choose another port`,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandError(`Cannot listen on ${url} (--${flag}): ${reason}`);
}

function isTaken(error: unknown): boolean {
  if (error instanceof Deno.errors.AddrInUse) return true;
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
