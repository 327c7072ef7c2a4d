import type { Machine } from "../../machine/machine.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { counterOf, gauge, type Metric } from "./metric.ts";

/** How often the store has done what. */
type OperationCounts = Machine["store"]["counts"];

/** What the store holds and does. etcd has some of it under two names. */
export function storeMetrics({ machine }: ReplicaPort): readonly Metric[] {
  // Why looked up each time: a snapshot from the leader may replace what the machine is made of.
  return [
    ...both(
      "mvcc_db_total_size_in_bytes",
      (name) => gauge(name, "How many bytes the store occupies.", () => machine.store.bytesTotal),
    ),
    gauge(
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      "How many of them are in use.",
      () => machine.store.bytesInUse,
    ),
    gauge(
      "etcd_debugging_mvcc_keys_total",
      "How many keys there are.",
      () => machine.store.keyCount,
    ),
    gauge(
      "etcd_debugging_mvcc_current_revision",
      "The store's revision.",
      () => machine.store.revision,
    ),
    gauge(
      "etcd_debugging_mvcc_compact_revision",
      "The revision of the last compaction.",
      () => machine.store.compactRevision,
    ),
    gauge(
      "etcd_debugging_mvcc_total_put_size_in_bytes",
      "How many bytes of keys and values were put on this member.",
      () => machine.store.counts.putBytes,
    ),
    ...operationMetrics(() => machine.store.counts),
    ...watchMetrics({ machine }),
  ];
}

function operationMetrics(counts: () => OperationCounts): readonly Metric[] {
  const of = (name: string, help: string, read: (counts: OperationCounts) => number) =>
    both(name, (full) => counterOf(full, help, () => read(counts())));
  return [
    ...of("mvcc_range_total", "How many ranges were read here.", ({ ranges }) => ranges),
    ...of("mvcc_put_total", "How many puts were applied here.", ({ puts }) => puts),
    ...of("mvcc_delete_total", "How many deletes were applied here.", ({ deletes }) => deletes),
    ...of(
      "mvcc_txn_total",
      "How many commands of several operations were applied here.",
      ({ txns }) => txns,
    ),
  ];
}

function watchMetrics({ machine }: Pick<ReplicaPort, "machine">): readonly Metric[] {
  return [
    gauge(
      "etcd_debugging_mvcc_watch_stream_total",
      "How many watch streams are open.",
      () => machine.watches.streamCount,
    ),
    gauge(
      "etcd_debugging_mvcc_watcher_total",
      "How many watches there are.",
      () => machine.watches.watcherCount,
    ),
    gauge(
      "etcd_debugging_mvcc_slow_watcher_total",
      "How many watches are behind and read history.",
      () => machine.watches.unsyncedCount,
    ),
    counterOf(
      "etcd_debugging_mvcc_events_total",
      "How many events went to watches.",
      () => machine.watches.takenEventCount,
    ),
    gauge(
      "etcd_debugging_mvcc_pending_events_total",
      "How many events wait for those who watch.",
      () => machine.watches.pendingEventCount,
    ),
  ];
}

/** What became of leases, as the log has told this member. */
export function leaseMetrics({ machine }: ReplicaPort): readonly Metric[] {
  const { counts } = machine.leases;
  return [
    counterOf(
      "etcd_debugging_lease_granted_total",
      "How many leases were granted.",
      () => counts.granted,
    ),
    counterOf(
      "etcd_debugging_lease_renewed_total",
      "How many leases were renewed.",
      () => counts.renewed,
    ),
    counterOf(
      "etcd_debugging_lease_revoked_total",
      "How many leases have ended.",
      () => counts.revoked,
    ),
    counterOf(
      "etcd_debugging_server_lease_expired_total",
      "How many of them after their time was over.",
      () => counts.expired,
    ),
    gauge("kvorum_leases", "How many leases there are.", () => machine.leases.size),
  ];
}

/** A metric under etcd's present name and under the one that it had before 3.4. */
function both(name: string, make: (name: string) => Metric): readonly Metric[] {
  return [make(`etcd_${name}`), make(`etcd_debugging_${name}`)];
}
