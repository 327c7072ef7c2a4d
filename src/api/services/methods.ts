/**
 * The unary methods of all services in one table: an encoding looks up a method by its gRPC name or
 * its path, decodes the request with the schema, calls, and encodes the response.
 */
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
} from "../../proto/cluster.ts";
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../../proto/kv.ts";
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from "../../proto/lease.ts";
import {
  AlarmRequest,
  AlarmResponse,
  DefragmentRequest,
  DefragmentResponse,
  DowngradeRequest,
  DowngradeResponse,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  MoveLeaderRequest,
  MoveLeaderResponse,
  StatusRequest,
  StatusResponse,
} from "../../proto/maintenance.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { authMethods } from "./auth_methods.ts";
import { AuthService } from "./auth_service.ts";
import { type ClusterOptions, ClusterService } from "./cluster_service.ts";
import { ElectionService } from "./election_service.ts";
import { KeyLine } from "./key_line.ts";
import type { KvLimits } from "./kv_limits.ts";
import { KvService } from "./kv_service.ts";
import { LeaseService } from "./lease_service.ts";
import { LockService } from "./lock_service.ts";
import { MaintenanceService } from "./maintenance_service.ts";
import { unary, type UnaryMethod } from "./method.ts";
import { electionMethods, lockMethods } from "./recipe_methods.ts";
import { WatchService } from "./watch_service.ts";

/** etcd's services on one replica. */
export interface Services {
  readonly kv: KvService;
  readonly watch: WatchService;
  readonly lease: LeaseService;
  readonly cluster: ClusterService;
  readonly maintenance: MaintenanceService;
  readonly auth: AuthService;
  readonly lock: LockService;
  readonly election: ElectionService;
}

/** The services of a replica. */
export function createServices(
  replica: ReplicaPort,
  options: Partial<ClusterOptions & KvLimits & { readonly progressIntervalMs: number }> = {},
): Services {
  const kv = new KvService(replica, options);
  const watch = new WatchService(replica, undefined, options.progressIntervalMs);
  const lease = new LeaseService(replica);
  const line = new KeyLine(kv, watch, lease);
  return {
    kv,
    watch,
    lease,
    cluster: new ClusterService(replica, options),
    maintenance: new MaintenanceService(replica),
    auth: new AuthService(replica),
    lock: new LockService(replica, kv, line),
    election: new ElectionService(replica, watch, line),
  };
}

/** Every unary method that there is. */
export function unaryMethods(services: Services): readonly UnaryMethod[] {
  return [
    ...kvMethods(services),
    ...leaseMethods(services),
    ...clusterMethods(services),
    ...maintenanceMethods(services),
    ...authMethods(services.auth),
    ...lockMethods(services.lock),
    ...electionMethods(services.election),
  ];
}

function kvMethods({ kv }: Services): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.KV/Range",
      "/v3/kv/range",
      RangeRequest,
      RangeResponse,
      (request, context) => kv.range(request, context),
    ),
    unary(
      "/etcdserverpb.KV/Put",
      "/v3/kv/put",
      PutRequest,
      PutResponse,
      (request, context, encoded) => kv.put(request, context, encoded),
    ),
    unary(
      "/etcdserverpb.KV/DeleteRange",
      "/v3/kv/deleterange",
      DeleteRangeRequest,
      DeleteRangeResponse,
      (request, context, encoded) => kv.deleteRange(request, context, encoded),
    ),
    unary(
      "/etcdserverpb.KV/Txn",
      "/v3/kv/txn",
      TxnRequest,
      TxnResponse,
      (request, context, encoded) => kv.txn(request, context, encoded),
    ),
    unary(
      "/etcdserverpb.KV/Compact",
      "/v3/kv/compaction",
      CompactionRequest,
      CompactionResponse,
      (request, context, encoded) => kv.compact(request, context, encoded),
    ),
  ];
}

function leaseMethods({ lease }: Services): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.Lease/LeaseGrant",
      "/v3/lease/grant",
      LeaseGrantRequest,
      LeaseGrantResponse,
      (request, context) => lease.grant(request, context),
    ),
    unary(
      "/etcdserverpb.Lease/LeaseRevoke",
      ["/v3/lease/revoke", "/v3/kv/lease/revoke"],
      LeaseRevokeRequest,
      LeaseRevokeResponse,
      (request, context) => lease.revoke(request, context),
    ),
    unary(
      "/etcdserverpb.Lease/LeaseTimeToLive",
      ["/v3/lease/timetolive", "/v3/kv/lease/timetolive"],
      LeaseTimeToLiveRequest,
      LeaseTimeToLiveResponse,
      (request, context) => lease.timeToLive(request, context),
    ),
    unary(
      "/etcdserverpb.Lease/LeaseLeases",
      ["/v3/lease/leases", "/v3/kv/lease/leases"],
      LeaseLeasesRequest,
      LeaseLeasesResponse,
      (request, context) => lease.leases(request, context),
    ),
  ];
}

function clusterMethods({ cluster }: Services): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.Cluster/MemberList",
      "/v3/cluster/member/list",
      MemberListRequest,
      MemberListResponse,
      (request, context) => cluster.memberList(request, context),
    ),
    unary(
      "/etcdserverpb.Cluster/MemberAdd",
      "/v3/cluster/member/add",
      MemberAddRequest,
      MemberAddResponse,
      (request, context) => cluster.memberAdd(request, context),
    ),
    unary(
      "/etcdserverpb.Cluster/MemberRemove",
      "/v3/cluster/member/remove",
      MemberRemoveRequest,
      MemberRemoveResponse,
      (request, context) => cluster.memberRemove(request, context),
    ),
    unary(
      "/etcdserverpb.Cluster/MemberUpdate",
      "/v3/cluster/member/update",
      MemberUpdateRequest,
      MemberUpdateResponse,
      (request, context) => cluster.memberUpdate(request, context),
    ),
    unary(
      "/etcdserverpb.Cluster/MemberPromote",
      "/v3/cluster/member/promote",
      MemberPromoteRequest,
      MemberPromoteResponse,
      (request, context) => cluster.memberPromote(request, context),
    ),
  ];
}

function maintenanceMethods({ maintenance }: Services): readonly UnaryMethod[] {
  return [
    unary(
      "/etcdserverpb.Maintenance/Status",
      "/v3/maintenance/status",
      StatusRequest,
      StatusResponse,
      (request, context) => maintenance.status(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/Alarm",
      "/v3/maintenance/alarm",
      AlarmRequest,
      AlarmResponse,
      (request, context) => maintenance.alarm(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/Hash",
      "/v3/maintenance/hash",
      HashRequest,
      HashResponse,
      (request, context) => maintenance.hash(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/HashKV",
      "/v3/maintenance/hashkv",
      HashKVRequest,
      HashKVResponse,
      (request, context) => maintenance.hashKv(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/Defragment",
      "/v3/maintenance/defragment",
      DefragmentRequest,
      DefragmentResponse,
      (request, context) => maintenance.defragment(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/MoveLeader",
      "/v3/maintenance/transfer-leadership",
      MoveLeaderRequest,
      MoveLeaderResponse,
      (request, context) => maintenance.moveLeader(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/Downgrade",
      "/v3/maintenance/downgrade",
      DowngradeRequest,
      DowngradeResponse,
      (request, context) => maintenance.downgrade(request, context),
    ),
  ];
}
