/**
 * A mistake of the person at the command line, told in one line that says what to do.
 *
 * @example Say it in one line
 * ```ts
 * import { CommandError, serve } from "@kvorum/kvorum/server";
 *
 * const stop = new AbortController();
 * try {
 *   await serve(["--no-such-flag"], () => undefined, stop.signal);
 *   throw new Error("It ran");
 * } catch (error) {
 *   if (!(error instanceof CommandError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class CommandError extends Error {
  /** The name of the class. */
  override name = "CommandError";
}
