import { createFetchHandler } from "../api/fetch_handler.ts";
import { createGrpcHandlers } from "../api/grpc/handlers.ts";
import { createServices } from "../api/services/methods.ts";
import type { Replica } from "../replica/replica.ts";
import type { ClientHandlers } from "./client_port.ts";
import type { Logger } from "./log.ts";
import type { ServeOptions } from "./serve_flags.ts";

/** What answers on the client port. Streams end when `signal` aborts. */
export function clientHandlers(
  replica: Replica,
  options: ServeOptions,
  logger: Logger,
  signal: AbortSignal,
): ClientHandlers {
  const services = createServices(replica, {
    learnersMax: options.learnersMax,
    isStrict: options.isStrict,
  });
  return {
    grpc: createGrpcHandlers({
      services,
      onInternalError: (error, path) =>
        logger.log("error", "api/grpc", "internal error", { path, ...causeOf(error) }),
    }),
    fetch: createFetchHandler({
      replica,
      services,
      signal,
      corsOrigins: options.corsOrigins,
      onInternalError: (error) =>
        logger.log("error", "api/fetch", "internal error", causeOf(error)),
    }),
  };
}

/** What happened: the error says what the client hears, its cause says why. */
function causeOf(error: Error): Record<string, unknown> {
  return { error: String(error.cause ?? error) };
}
