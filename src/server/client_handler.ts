import { createFetchHandler } from "../api/fetch_handler.ts";
import { pathOf } from "../api/gateway/router.ts";
import { createGrpcHandlers } from "../api/grpc/handlers.ts";
import type { Metrics } from "../api/metrics/metric.ts";
import { Probes } from "../api/probes.ts";
import { createServices } from "../api/services/methods.ts";
import { MultiplexServer } from "../api/websocket/multiplex_server.ts";
import type { Replica } from "../replica/replica.ts";
import type { ClientHandlers } from "./client_port.ts";
import { withClientSockets } from "./client_sockets.ts";
import { DEBUG_VARS_PATH, debugVars } from "./debug_vars.ts";
import { LearnerDoor } from "./learner_door.ts";
import type { Logger } from "./log.ts";
import type { PeerPort } from "./peer_port.ts";
import type { ServeOptions } from "./serve_flags.ts";

/** What answers on all ports for clients. */
export interface AllHandlers extends ClientHandlers {
  /** What also answers on ports of their own. */
  readonly probes: Probes;
}

/** What answers clients. Streams end when `signal` aborts. */
export function clientHandlers(
  replica: Replica,
  options: ServeOptions,
  logger: Logger,
  metrics: Metrics,
  signal: AbortSignal,
  port: PeerPort,
): AllHandlers {
  const services = createServices(replica, {
    learnersMax: options.learnersMax,
    isStrict: options.isStrict,
    ...options.clientPort.kv,
    progressIntervalMs: options.clientPort.progressIntervalMs,
  });
  const probes = new Probes(replica, services.kv, metrics);
  const fetchHandler = createFetchHandler({
    replica,
    services,
    probes,
    signal,
    corsOrigins: options.corsOrigins,
    onInternalError: (error) => logger.log("error", "api/fetch", "internal error", causeOf(error)),
  });
  const sockets = new MultiplexServer({
    replica,
    services,
    onInternalError: (error, method) =>
      logger.log("error", "api/websocket", "internal error", { method, ...causeOf(error) }),
  });
  signal.addEventListener("abort", () => sockets.close(), { once: true });
  const { browserLearners, corsOrigins } = options;
  const door = browserLearners && new LearnerDoor(replica, port, browserLearners, corsOrigins);
  const rest = withClientSockets(
    (request) =>
      pathOf(request.url) === DEBUG_VARS_PATH
        ? Promise.resolve(debugVars())
        : fetchHandler(request),
    sockets,
    corsOrigins,
  );
  return {
    probes,
    grpc: createGrpcHandlers({
      services,
      metrics,
      onInternalError: (error, path) =>
        logger.log("error", "api/grpc", "internal error", { path, ...causeOf(error) }),
    }),
    fetch: door?.before(rest) ?? rest,
  };
}

/** What happened: the error says what the client hears, its cause says why. */
function causeOf(error: Error): Record<string, unknown> {
  return { error: String(error.cause ?? error) };
}
