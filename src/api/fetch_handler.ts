/** A replica as a web server's handler: requests in, responses out, with nothing but Web APIs. */
import { toRpcError } from "./errors.ts";
import { BodyIntake } from "./gateway/body_intake.ts";
import { CorsPolicy } from "./gateway/cors.ts";
import { errorResponse, notFound } from "./gateway/responses.ts";
import { pathOf, Router } from "./gateway/router.ts";
import { replicaMetrics } from "./metrics/replica_metrics.ts";
import { Metrics } from "./metrics/metric.ts";
import { Probes } from "./probes.ts";
import type { ReplicaPort } from "./replica_port.ts";
import { createServices, type Services } from "./services/methods.ts";

/** What a handler is made from. */
export interface FetchHandlerOptions {
  /** Serves the requests. */
  readonly replica: ReplicaPort;
  /** The replica's services, where other encodings share them. */
  readonly services?: Services;
  /** What the replica tells about itself, where other ports tell it, too. */
  readonly probes?: Probes;
  /**
   * The origins whose pages may use this replica, or "*" for all.
   * @default {[]} none: cross-origin requests are off
   */
  readonly corsOrigins?: readonly string[];
  /**
   * Bounds the bodies that are being read.
   * @default {BodyIntake} a minute for each, and 256 MiB for all
   */
  readonly intake?: BodyIntake;
  /** Aborts when the replica stops: streams end then, so that the server can close. */
  readonly signal?: AbortSignal;
  /** Hears of errors that nobody foresaw. The client gets "internal error" and no more. */
  readonly onInternalError?: (error: Error, request: Request) => void;
}

/** Serves one request. The promise never rejects. */
export type FetchHandler = (request: Request) => Promise<Response>;

/** What a replica tells about itself when nobody adds to it. */
function createProbes(replica: ReplicaPort, { kv }: Services): Probes {
  const metrics = new Metrics();
  metrics.add(...replicaMetrics(replica));
  return new Probes(replica, kv, metrics);
}

/** Makes the handler for all that a replica serves over HTTP: etcd's JSON gateway and the probes. */
export function createFetchHandler(options: FetchHandlerOptions): FetchHandler {
  const { replica, onInternalError = () => {} } = options;
  const services = options.services ?? createServices(replica);
  options.signal?.addEventListener("abort", () => services.watch.close(), { once: true });
  if (options.signal?.aborted) services.watch.close();
  const router = new Router(services, options.intake ?? new BodyIntake(), onInternalError);
  const probes = options.probes ?? createProbes(replica, services);
  const cors = new CorsPolicy(options.corsOrigins ?? []);

  function dispatch(path: string, request: Request): Response | Promise<Response> {
    if (path.startsWith("/v3")) return router.route(path, request);
    return probes.respond(path, request) ?? notFound(path);
  }

  return async (request) => {
    try {
      if (request.method === "OPTIONS") {
        return new Response(null, { headers: cors.headers(request) });
      }
      const response = await dispatch(pathOf(request.url), request);
      if (!cors.isOff) {
        for (const [name, value] of Object.entries(cors.headers(request))) {
          response.headers.set(name, value);
        }
      }
      return response;
    } catch (thrown) {
      const error = toRpcError(thrown);
      onInternalError(error, request);
      return errorResponse(error);
    }
  };
}
