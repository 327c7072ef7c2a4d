import { formatId, NO_MEMBER } from "../../base/ids.ts";
import { AlarmType } from "../../machine/alarms.ts";
import { ETCD_CLUSTER_VERSION, ETCD_SERVER_VERSION } from "../etcd_version.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { alarmName } from "../services/maintenance_service.ts";
import { counterOf, gauge, gauges, type Metric } from "./metric.ts";
import { leaseMetrics, storeMetrics } from "./store_metrics.ts";

/** What can be seen of a replica at any moment, under etcd's names where they mean the same. */
export function replicaMetrics(replica: ReplicaPort): readonly Metric[] {
  return [
    ...serverMetrics(replica),
    ...proposalMetrics(replica),
    ...storeMetrics(replica),
    ...leaseMetrics(replica),
  ];
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
    gauge(
      "etcd_debugging_auth_revision",
      "How often users and roles were changed.",
      () => replica.machine.auth.revision,
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

/** The first two are gauges because etcd has them so: an index is no count of this process. */
function proposalMetrics(replica: ReplicaPort): readonly Metric[] {
  return [
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
      "etcd_server_proposals_pending",
      "How many writes of clients wait for agreement.",
      () => replica.counts().proposalsPending,
    ),
    counterOf(
      "etcd_server_proposals_failed_total",
      "How many writes of clients were given up or refused without agreement.",
      () => replica.counts().proposalsFailed,
    ),
    counterOf(
      "etcd_server_slow_read_indexes_total",
      "How often a leader did not confirm itself in time and was asked again.",
      () => replica.counts().readIndexesSlow,
    ),
    counterOf(
      "etcd_server_read_indexes_failed_total",
      "How many linearizable reads were given up.",
      () => replica.counts().readIndexesFailed,
    ),
  ];
}
