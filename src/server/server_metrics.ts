import { EventMetrics } from "../api/metrics/event_metrics.ts";
import { type Counter, gauges, Metrics } from "../api/metrics/metric.ts";
import { replicaMetrics } from "../api/metrics/replica_metrics.ts";
import type { ReplicaPort } from "../api/replica_port.ts";
import { formatId, type MemberId } from "../base/ids.ts";
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
  readonly #sent: Counter;
  readonly #received: Counter;

  constructor() {
    this.#sent = this.metrics.counter(
      "etcd_network_peer_sent_bytes_total",
      "Bytes of frames that went to a member.",
    );
    this.#received = this.metrics.counter(
      "etcd_network_peer_received_bytes_total",
      "Bytes of frames that came from a member.",
    );
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

  /** Counts what went to and came from a member. */
  countBytes(peer: MemberId, sentBytes: number, receivedBytes: number): void {
    const id = formatId(peer);
    if (sentBytes > 0) this.#sent.cell({ To: id }).value += sentBytes;
    if (receivedBytes > 0) this.#received.cell({ From: id }).value += receivedBytes;
  }

  /** Adds what can be seen of the replica. */
  follow(replica: ReplicaPort): void {
    const { memberId } = replica.status();
    this.metrics.add(...replicaMetrics(replica), ...this.events.metrics(memberId));
  }
}
