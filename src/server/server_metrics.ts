import { EventMetrics } from "../api/metrics/event_metrics.ts";
import { gauges, Metrics } from "../api/metrics/metric.ts";
import { replicaMetrics } from "../api/metrics/replica_metrics.ts";
import type { ReplicaPort } from "../api/replica_port.ts";
import type { LogStore } from "../storage/log_store.ts";
import { VERSION } from "../version.ts";
import { MeteredLogStore } from "./metered_log_store.ts";
import { processMetrics } from "./process_metrics.ts";

/** All numbers of one server, from before its replica opens until the end. */
export class ServerMetrics {
  readonly metrics: Metrics = new Metrics();
  /** Is to be told what the replica tells. */
  readonly events: EventMetrics = new EventMetrics();
  readonly #syncs = MeteredLogStore.histogram();

  constructor() {
    this.metrics.add(
      this.#syncs,
      gauges(
        "kvorum_build_info",
        "What runs here.",
        () => [[{ version: VERSION, deno: Deno.version.deno, v8: Deno.version.v8 }, 1]],
      ),
      ...processMetrics(),
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
