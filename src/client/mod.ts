/**
 * The client: keys, transactions, watches and leases of a Kvorum cluster, from Deno, Node, Bun or a
 * page. Nothing of a server comes with it.
 *
 * @module
 */
export type { Clock, Stoppable } from "../base/clock.ts";
export type { Channel, ChannelHandler } from "../proto/multiplex/channel.ts";
export {
  type Member,
  memberAdd,
  memberList,
  memberPromote,
  memberRemove,
  memberUpdate,
} from "./cluster.ts";
export { KvorumClient, type PageOptions, type WaitOptions } from "./client.ts";
export { connect, type ConnectOptions } from "./connect.ts";
export type { Data } from "./data.ts";
export type { Endpoint } from "./endpoints.ts";
export {
  CompactedError,
  type ErrorCode,
  KvorumError,
  type KvorumErrorOptions,
  OutcomeUnknownError,
} from "./errors.ts";
export { FetchTransport, type FetchTransportOptions } from "./fetch_transport.ts";
export type { KeyRange } from "./key_range.ts";
export { KeyValue } from "./key_value.ts";
export { type LeaseGrant, Leases, type LeaseState } from "./leases.ts";
export { leasing, type LeasingOptions } from "./leasing.ts";
export {
  type Alarm,
  alarms,
  defragment,
  disarm,
  type HashKv,
  hashKv,
  moveLeader,
  snapshot,
  type Status,
  status,
} from "./maintenance.ts";
export { mirror, type MirrorOptions, type MirrorProgress } from "./mirror.ts";
export { namespaced } from "./namespace.ts";
export type { DeleteOptions, GetOptions, PutOptions, RangeOptions, SortBy } from "./operation.ts";
export { Barrier, type BarrierOptions, passBarrier } from "./recipes/barrier.ts";
export { DoubleBarrier } from "./recipes/double_barrier.ts";
export { leaderOf, Leadership, observeLeader } from "./recipes/election.ts";
export { HeldLock } from "./recipes/held_lock.ts";
export { ItemQueue } from "./recipes/item_queue.ts";
export { Lock } from "./recipes/lock.ts";
export { PriorityQueue } from "./recipes/priority_queue.ts";
export { Queue } from "./recipes/queue.ts";
export { ReadLock, WriteLock } from "./recipes/read_write_lock.ts";
export {
  endpointsOf,
  observeEndpoints,
  type RegisterOptions,
  Registration,
  type ServiceEndpoint,
} from "./recipes/services.ts";
export { Session, SessionLostError, type SessionOptions } from "./recipes/session.ts";
export { transact, type Transacted, type TransactOptions } from "./recipes/stm.ts";
export type { Isolation, TransactionalMemory } from "./recipes/transactional_memory.ts";
export type { RecipeOptions } from "./recipes/wait.ts";
export type { DeleteResult, PutResult, RangeResult } from "./results.ts";
export { type StateChange, type StateSnapshot, watchState } from "./state_watch.ts";
export type { ClientTransport } from "./transport.ts";
export {
  compare,
  type Comparison,
  type Comparisons,
  op,
  type Operation,
  type Operations,
  type Relation,
  type ResultsOf,
  Txn,
  type TxnResult,
} from "./txn.ts";
export {
  bytesCodec,
  type Codec,
  jsonCodec,
  typed,
  type TypedBatch,
  type TypedEvent,
  type TypedKeys,
  type TypedKeyValue,
} from "./typed.ts";
export { Watch, type WatchBatch, type WatchEvent, type WatchOptions } from "./watch.ts";
