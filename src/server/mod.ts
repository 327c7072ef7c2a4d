/**
 * A Kvorum server in your own program: what the `kvorum` command runs.
 *
 * @example One replica until the program is interrupted
 * ```ts
 * import { serve } from "@kvorum/kvorum/server";
 *
 * export async function main() {
 *   const stop = new AbortController();
 *   Deno.addSignalListener("SIGINT", () => stop.abort());
 *   Deno.exit(await serve(["--data-dir", "./data"], (name) => Deno.env.get(name), stop.signal));
 * }
 * ```
 *
 * @module
 */
export { CommandError } from "./command_error.ts";
export { serve } from "./serve.ts";
export { start } from "./start.ts";
