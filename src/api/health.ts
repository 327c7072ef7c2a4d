/**
 * The probes beside etcd's services. Room for more: `/livez`, `/readyz` and `/metrics` belong here.
 * Ref: etcd server/etcdserver/api/etcdhttp/health.go.
 */
import { EMPTY_BYTES } from "../base/bytes.ts";
import { NO_MEMBER } from "../base/ids.ts";
import { AlarmType } from "../machine/alarms.ts";
import { create } from "../proto/codec.ts";
import { RangeRequest } from "../proto/range.ts";
import { VERSION } from "../version.ts";
import { PLAIN_CONTEXT } from "./call_context.ts";
import { toRpcError } from "./errors.ts";
import { ETCD_CLUSTER_VERSION, ETCD_SERVER_VERSION } from "./etcd_version.ts";
import type { ReplicaPort } from "./replica_port.ts";
import type { KvService } from "./services/kv_service.ts";
import { alarmName } from "./services/maintenance_service.ts";

/** Answers `GET /version`. Clients read the first two; the last one is ours. */
export function versionResponse(): Response {
  return Response.json({
    etcdserver: ETCD_SERVER_VERSION,
    etcdcluster: ETCD_CLUSTER_VERSION,
    kvorum: VERSION,
  });
}

/** Answers `GET /health`: whether this replica can serve. */
export async function healthResponse(
  request: Request,
  replica: ReplicaPort,
  kv: KvService,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const reason = await unhealthyReason(query, replica, kv);
  const body = JSON.stringify({ health: reason === "" ? "true" : "false", reason });
  return reason === ""
    ? new Response(body, { headers: TEXT })
    : new Response(`${body}\n`, { status: 503, headers: TEXT });
}

const TEXT: HeadersInit = { "content-type": "text/plain; charset=utf-8" };
/** The alarms that make a replica unhealthy, in the order of their check. */
const ALARMS = [AlarmType.NoSpace, AlarmType.Corrupt] as const;

/** What keeps this replica from serving; empty when nothing does. */
async function unhealthyReason(
  query: URLSearchParams,
  replica: ReplicaPort,
  kv: KvService,
): Promise<string> {
  const excluded = query.getAll("exclude");
  for (const alarm of ALARMS) {
    const name = alarmName(alarm);
    if (!excluded.includes(name) && replica.machine.alarms.has(alarm)) return `ALARM ${name}`;
  }
  const serializable = query.get("serializable") === "true";
  if (!serializable && replica.status().leader === NO_MEMBER) return "RAFT NO LEADER";
  try {
    await kv.range(probe(serializable), PLAIN_CONTEXT);
    return "";
  } catch (error) {
    return `RANGE ERROR:${toRpcError(error).message}`;
  }
}

/** The cheapest read that takes the whole way of one: how many keys are called "health". */
function probe(serializable: boolean): RangeRequest {
  const key = new TextEncoder().encode("health");
  return create(RangeRequest, { key, rangeEnd: EMPTY_BYTES, countOnly: true, serializable });
}
