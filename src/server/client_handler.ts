import { createFetchHandler } from "../api/fetch_handler.ts";
import type { Replica } from "../replica/replica.ts";
import type { Handler } from "./listener.ts";
import type { Logger } from "./log.ts";
import type { ServeOptions } from "./serve_flags.ts";

/** What answers on the client port. Streams end when `signal` aborts. */
export function clientHandler(
  replica: Replica,
  options: ServeOptions,
  logger: Logger,
  signal: AbortSignal,
): Handler {
  return createFetchHandler({
    replica,
    signal,
    corsOrigins: options.corsOrigins,
    onInternalError: (error) =>
      logger.log("error", "api/fetch", "internal error", { error: String(error) }),
  });
}
