/**
 * `/metrics` beside a real etcd's: the names that dashboards ask for are there with the same types,
 * and count the same when both have done the same.
 */
import { assertEquals } from "@std/assert";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { EtcdProcess } from "./etcd_process.ts";

/** In both with the same type. */
const NAMES: readonly string[] = [
  "etcd_cluster_version",
  "etcd_debugging_auth_revision",
  "etcd_debugging_lease_granted_total",
  "etcd_debugging_lease_renewed_total",
  "etcd_debugging_lease_revoked_total",
  "etcd_debugging_mvcc_compact_revision",
  "etcd_debugging_mvcc_current_revision",
  "etcd_debugging_mvcc_db_total_size_in_bytes",
  "etcd_debugging_mvcc_delete_total",
  "etcd_debugging_mvcc_events_total",
  "etcd_debugging_mvcc_keys_total",
  "etcd_debugging_mvcc_pending_events_total",
  "etcd_debugging_mvcc_put_total",
  "etcd_debugging_mvcc_range_total",
  "etcd_debugging_mvcc_slow_watcher_total",
  "etcd_debugging_mvcc_total_put_size_in_bytes",
  "etcd_debugging_mvcc_txn_total",
  "etcd_debugging_mvcc_watch_stream_total",
  "etcd_debugging_mvcc_watcher_total",
  "etcd_debugging_server_lease_expired_total",
  "etcd_disk_wal_fsync_duration_seconds",
  "etcd_mvcc_db_total_size_in_bytes",
  "etcd_mvcc_db_total_size_in_use_in_bytes",
  "etcd_mvcc_delete_total",
  "etcd_mvcc_put_total",
  "etcd_mvcc_range_total",
  "etcd_mvcc_txn_total",
  "etcd_network_client_grpc_received_bytes_total",
  "etcd_network_client_grpc_sent_bytes_total",
  "etcd_server_client_requests_total",
  "etcd_server_has_leader",
  "etcd_server_health_failures",
  "etcd_server_health_success",
  "etcd_server_id",
  "etcd_server_is_leader",
  "etcd_server_is_learner",
  "etcd_server_leader_changes_seen_total",
  "etcd_server_proposals_applied_total",
  "etcd_server_proposals_committed_total",
  "etcd_server_proposals_failed_total",
  "etcd_server_proposals_pending",
  "etcd_server_quota_backend_bytes",
  "etcd_server_read_indexes_failed_total",
  "etcd_server_slow_read_indexes_total",
  "etcd_server_version",
  "grpc_server_handled_total",
  "grpc_server_msg_received_total",
  "grpc_server_msg_sent_total",
  "grpc_server_started_total",
  "process_cpu_seconds_total",
  "process_max_fds",
  "process_open_fds",
  "process_resident_memory_bytes",
  "process_start_time_seconds",
  "process_virtual_memory_bytes",
];

/** What grows by the same when both do the same. */
const COUNTS: readonly string[] = [
  "etcd_debugging_lease_granted_total",
  "etcd_debugging_lease_renewed_total",
  "etcd_debugging_lease_revoked_total",
  "etcd_debugging_mvcc_delete_total",
  "etcd_debugging_mvcc_events_total",
  "etcd_debugging_mvcc_keys_total",
  "etcd_debugging_mvcc_pending_events_total",
  "etcd_debugging_mvcc_put_total",
  "etcd_debugging_mvcc_range_total",
  "etcd_debugging_mvcc_txn_total",
  "etcd_debugging_mvcc_watch_stream_total",
  "etcd_debugging_mvcc_watcher_total",
  "etcd_mvcc_delete_total",
  "etcd_mvcc_put_total",
  "etcd_mvcc_range_total",
  "etcd_mvcc_txn_total",
  "etcd_server_proposals_failed_total",
  "etcd_server_proposals_pending",
];

const KEY = '"key":"YQ=="';
const REQUESTS: readonly (readonly [path: string, body: string])[] = [
  ["kv/put", `{${KEY},"value":"YQ=="}`],
  ["kv/put", `{"key":"Yg==","prev_kv":true}`],
  ["kv/range", `{${KEY}}`],
  ["kv/range", `{"key":"AA==","range_end":"AA==","serializable":true}`],
  ["kv/deleterange", `{"key":"bm9uZQ=="}`],
  [
    "kv/txn",
    `{"success":[{"request_put":{${KEY}}},{"request_put":{"key":"Yw=="}},` +
    `{"request_range":{${KEY}}},{"request_delete_range":{"key":"Yg=="}}]}`,
  ],
  ["lease/grant", `{"TTL":"100","ID":"7"}`],
  ["lease/grant", `{"TTL":"100","ID":"8"}`],
  ["lease/keepalive", `{"ID":"7"}`],
  ["kv/put", `{"key":"bA==","lease":"7"}`],
  ["lease/revoke", `{"ID":"7"}`],
];

/** The types by name, and the samples without labels. */
async function metricsOf(url: string): Promise<{ types: Map<string, string>; text: string }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const types = text.matchAll(/^# TYPE (\S+) (\S+)$/gm);
  return { types: new Map(Array.from(types, ([, name, type]) => [name, type])), text };
}

function countsOf(text: string): number[] {
  return COUNTS.map((name) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]));
}

/** By how much each count has grown while a server did all that is asked here. */
async function growth(url: string): Promise<[name: string, by: number][]> {
  const before = countsOf((await metricsOf(url)).text);
  const create = '{"create_request":{"key":"AA==","range_end":"AA=="}}';
  const watch = await fetch(`${url}/v3/watch`, { method: "POST", body: create });
  const lines = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  const hear = async (text: string) => {
    while (!heard.includes(text)) heard += (await lines.read()).value ?? "";
  };
  await hear('"created":true');
  for (const [path, body] of REQUESTS) {
    const response = await fetch(`${url}/v3/${path}`, { method: "POST", body });
    assertEquals([path, response.status], [path, 200]);
    await response.body?.cancel();
  }
  // The last event is that of the revoked lease.
  await hear('"type":"DELETE","kv":{"key":"bA=="');
  const after = countsOf((await metricsOf(url)).text);
  await lines.cancel();
  return COUNTS.map((name, i) => [name, after[i] - before[i]]);
}

const installed = EtcdProcess.isInstalled();
const condition = installed ? "" : " (left out: no etcd is installed here)";

Deno.test({
  name: `/metrics has etcd's names and types, and counts as etcd does${condition}`,
  ignore: !installed,
  async fn() {
    await using etcd = await EtcdProcess.start();
    await using cluster = new LocalCluster(1, [
      ...["--storage", "memory"],
      ...["--heartbeat-interval", "10", "--election-timeout", "50"],
    ]);
    await cluster.start();
    const ours = cluster.replicas[0].clientUrl;
    const theirs = etcd.clientUrl;
    assertEquals(await growth(ours), await growth(theirs));
    const typesOf = async (url: string) => {
      const { types } = await metricsOf(url);
      return NAMES.map((name) => [name, types.get(name)]);
    };
    assertEquals(await typesOf(ours), await typesOf(theirs));
  },
});
