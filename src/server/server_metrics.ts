import process from "node:process";
import { EventMetrics } from "../api/metrics/event_metrics.ts";
import { counterOf, gauge, gauges, Metrics } from "../api/metrics/metric.ts";
import { replicaMetrics } from "../api/metrics/replica_metrics.ts";
import type { ReplicaPort } from "../api/replica_port.ts";
import type { LogStore } from "../storage/log_store.ts";
import { VERSION } from "../version.ts";
import { MeteredLogStore } from "./metered_log_store.ts";

/** All numbers of one server, from before its replica opens until the end. */
export class ServerMetrics {
  readonly metrics: Metrics = new Metrics();
  /** Is to be told what the replica tells. */
  readonly events: EventMetrics = new EventMetrics();
  readonly #syncs = MeteredLogStore.histogram();

  constructor() {
    const startSeconds = Date.now() / 1_000 - performance.now() / 1_000;
    this.metrics.add(
      this.#syncs,
      gauges(
        "kvorum_build_info",
        "What runs here.",
        () => [[{ version: VERSION, deno: Deno.version.deno, v8: Deno.version.v8 }, 1]],
      ),
      gauge(
        "process_start_time_seconds",
        "When the process started, in seconds since 1970.",
        () => startSeconds,
      ),
      gauge(
        "process_resident_memory_bytes",
        "Memory that is in use.",
        () => Deno.memoryUsage().rss,
      ),
      counterOf(
        "process_cpu_seconds_total",
        "Processor time that was used.",
        () => cpuSeconds(),
      ),
    );
  }

  /** Times a storage. */
  metered(store: LogStore): LogStore {
    return new MeteredLogStore(store, this.#syncs);
  }

  /** Adds what can be seen of the replica. */
  follow(replica: ReplicaPort): void {
    const { memberId } = replica.status();
    this.metrics.add(...replicaMetrics(replica), ...this.events.metrics(memberId));
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
