/**
 * A Kvorum server in your own program: what the `kvorum` command runs.
 *
 * @module
 */
export { CommandError } from "./command_error.ts";
export { serve } from "./serve.ts";
export { start } from "./start.ts";
