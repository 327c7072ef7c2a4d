/**
 * The unary methods of all services in one table: an encoding looks up a method by its gRPC name or
 * its path, decodes the request with the schema, calls, and encodes the response.
 */
import { MemberListRequest, MemberListResponse } from "../../proto/cluster.ts";
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
import { StatusRequest, StatusResponse } from "../../proto/maintenance.ts";
import type { MessageSchema } from "../../proto/schema.ts";
import type { CallContext } from "../call_context.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { ClusterService } from "./cluster_service.ts";
import { KvService } from "./kv_service.ts";
import { MaintenanceService } from "./maintenance_service.ts";
import { WatchService } from "./watch_service.ts";

/** etcd's services on one replica. */
export interface Services {
  readonly kv: KvService;
  readonly watch: WatchService;
  readonly cluster: ClusterService;
  readonly maintenance: MaintenanceService;
}

/** The services of a replica. */
export function createServices(replica: ReplicaPort): Services {
  return {
    kv: new KvService(replica),
    watch: new WatchService(replica),
    cluster: new ClusterService(replica),
    maintenance: new MaintenanceService(replica),
  };
}

/** A method that takes one message and gives one. */
export interface UnaryMethod {
  /** Its full name in gRPC. */
  readonly name: string;
  /** Its path in the JSON gateway. */
  readonly path: string;
  readonly request: MessageSchema<object>;
  readonly response: MessageSchema<object>;
  /** Serves a request that is a message of the schema `request`. */
  readonly call: (request: object, context: CallContext) => Promise<object>;
}

/** Ties schemas and a service's method together; past this the types of messages are erased. */
function unary<Q extends object, A extends object>(
  name: string,
  path: string,
  request: MessageSchema<Q>,
  response: MessageSchema<A>,
  call: (request: Q, context: CallContext) => Promise<A>,
): UnaryMethod {
  return {
    name,
    path,
    request: request as unknown as MessageSchema<object>,
    response: response as unknown as MessageSchema<object>,
    call: (message, context) => call(message as Q, context),
  };
}

/** Every unary method that there is. */
export function unaryMethods({ kv, cluster, maintenance }: Services): readonly UnaryMethod[] {
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
      (request, context) => kv.put(request, context),
    ),
    unary(
      "/etcdserverpb.KV/DeleteRange",
      "/v3/kv/deleterange",
      DeleteRangeRequest,
      DeleteRangeResponse,
      (request, context) => kv.deleteRange(request, context),
    ),
    unary(
      "/etcdserverpb.KV/Txn",
      "/v3/kv/txn",
      TxnRequest,
      TxnResponse,
      (request, context) => kv.txn(request, context),
    ),
    unary(
      "/etcdserverpb.KV/Compact",
      "/v3/kv/compaction",
      CompactionRequest,
      CompactionResponse,
      (request, context) => kv.compact(request, context),
    ),
    unary(
      "/etcdserverpb.Cluster/MemberList",
      "/v3/cluster/member/list",
      MemberListRequest,
      MemberListResponse,
      (request, context) => cluster.memberList(request, context),
    ),
    unary(
      "/etcdserverpb.Maintenance/Status",
      "/v3/maintenance/status",
      StatusRequest,
      StatusResponse,
      (request, context) => maintenance.status(request, context),
    ),
  ];
}
