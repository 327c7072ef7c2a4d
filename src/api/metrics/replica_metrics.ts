import { formatId, NO_MEMBER } from "../../base/ids.ts";
import { AlarmType } from "../../machine/alarms.ts";
import { ETCD_CLUSTER_VERSION, ETCD_SERVER_VERSION } from "../etcd_version.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { alarmName } from "../services/maintenance_service.ts";
import { gauge, gauges, type Metric } from "./metric.ts";

/** What can be seen of a replica at any moment, under etcd's names where they mean the same. */
export function replicaMetrics(replica: ReplicaPort): readonly Metric[] {
  return [...serverMetrics(replica), ...storeMetrics(replica)];
}

function serverMetrics(replica: ReplicaPort): readonly Metric[] {
  const { memberId } = replica.status();
  const one = (name: string, help: string, label: string, value: string) =>
    gauges(name, help, () => [[{ [label]: value }, 1]]);
  return [
    gauge(
      "etcd_server_has_leader",
      "Whether a leader is known: 1 if so, 0 if not.",
      () => Number(replica.status().leader !== NO_MEMBER),
    ),
    gauge(
      "etcd_server_is_leader",
      "Whether this member leads: 1 if so, 0 if not.",
      () => Number(replica.status().leader === memberId),
    ),
    gauge(
      "etcd_server_is_learner",
      "Whether this member is a learner: 1 if so, 0 if not.",
      () => Number(replica.status().configuration.learners.includes(memberId)),
    ),
    gauge(
      "etcd_server_proposals_committed_total",
      "The index of the last committed entry.",
      () => replica.status().commitIndex,
    ),
    gauge(
      "etcd_server_proposals_applied_total",
      "The index of the last applied entry.",
      () => replica.status().appliedIndex,
    ),
    gauge(
      "etcd_server_quota_backend_bytes",
      "How many bytes the store may hold; +Inf without a quota.",
      () => replica.status().quotaBytes,
    ),
    gauges(
      "etcd_debugging_server_alarms",
      "The alarms that are raised.",
      () =>
        replica.machine.alarms.get(AlarmType.None).map((raised) => [{
          server_id: formatId(raised.memberId),
          alarm_type: alarmName(raised.alarm),
        }, 1]),
    ),
    one("etcd_server_id", "This member.", "server_id", formatId(memberId)),
    one("etcd_server_version", "The version.", "server_version", ETCD_SERVER_VERSION),
    one(
      "etcd_cluster_version",
      "The version of the cluster.",
      "cluster_version",
      ETCD_CLUSTER_VERSION.replace(/\.\d+$/, ""),
    ),
  ];
}

function storeMetrics({ machine }: ReplicaPort): readonly Metric[] {
  // Why looked up each time: a snapshot from the leader may replace what the machine is made of.
  const of = (name: string, help: string, read: () => number) => gauge(name, help, read);
  return [
    of(
      "etcd_mvcc_db_total_size_in_bytes",
      "How many bytes the store occupies.",
      () => machine.store.bytesTotal,
    ),
    of(
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      "How many of them are in use.",
      () => machine.store.bytesInUse,
    ),
    of(
      "etcd_debugging_mvcc_keys_total",
      "How many keys there are.",
      () => machine.store.keyCount,
    ),
    of(
      "etcd_debugging_mvcc_current_revision",
      "The store's revision.",
      () => machine.store.revision,
    ),
    of(
      "etcd_debugging_mvcc_compact_revision",
      "The revision of the last compaction.",
      () => machine.store.compactRevision,
    ),
    of(
      "etcd_debugging_mvcc_watch_stream_total",
      "How many watch streams are open.",
      () => machine.watches.streamCount,
    ),
    of(
      "etcd_debugging_mvcc_watcher_total",
      "How many watches there are.",
      () => machine.watches.watcherCount,
    ),
    of(
      "etcd_debugging_mvcc_slow_watcher_total",
      "How many watches are behind and read history.",
      () => machine.watches.unsyncedCount,
    ),
    of("kvorum_leases", "How many leases there are.", () => machine.leases.size),
  ];
}
