/** What a server tells about itself beside etcd's services: probes, version and metrics. */
import { methodNotAllowed } from "./gateway/responses.ts";
import { healthResponse, versionResponse } from "./health.ts";
import { HealthChecks } from "./health_checks.ts";
import { counterOf, type Metrics } from "./metrics/metric.ts";
import type { ReplicaPort } from "./replica_port.ts";
import type { KvService } from "./services/kv_service.ts";

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Answers `/health`, `/livez`, `/readyz`, `/version` and `/metrics`. */
export class Probes {
  readonly #replica: ReplicaPort;
  readonly #kv: KvService;
  readonly #metrics: Metrics;
  readonly #checks: HealthChecks;
  #successes = 0;
  #failures = 0;

  constructor(replica: ReplicaPort, kv: KvService, metrics: Metrics) {
    this.#replica = replica;
    this.#kv = kv;
    this.#metrics = metrics;
    this.#checks = new HealthChecks(replica, kv, metrics);
    metrics.add(
      counterOf(
        "etcd_server_health_success",
        "How often /health said that all is well.",
        () => this.#successes,
      ),
      counterOf(
        "etcd_server_health_failures",
        "How often /health said that something is wrong.",
        () => this.#failures,
      ),
    );
  }

  /** Answers a request, or gives null if its path is none of theirs. */
  respond(path: string, request: Request): Promise<Response> | Response | null {
    const answer = this.#answerOf(path, request);
    if (answer === null) return null;
    return request.method === "GET" ? answer() : methodNotAllowed("GET");
  }

  #answerOf(path: string, request: Request): (() => Promise<Response> | Response) | null {
    if (path === "/version") return versionResponse;
    if (path === "/health") return () => this.#health(request);
    if (path === "/metrics") return () => this.#metricsResponse();
    if (!this.#checks.knows(path)) return null;
    return () => this.#checks.respond(path, new URL(request.url).searchParams);
  }

  async #health(request: Request): Promise<Response> {
    const response = await healthResponse(request, this.#replica, this.#kv);
    if (response.ok) this.#successes++;
    else this.#failures++;
    return response;
  }

  #metricsResponse(): Response {
    return new Response(this.#metrics.text(), { headers: { "content-type": METRICS_TYPE } });
  }
}
