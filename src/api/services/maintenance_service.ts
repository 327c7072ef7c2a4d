import { NO_MEMBER } from "../../base/ids.ts";
import { type ActiveAlarm, AlarmType } from "../../machine/alarms.ts";
import { encodeToBytes } from "../../proto/codec.ts";
import { CommandKind } from "../../proto/command.ts";
import {
  AlarmRequest,
  type AlarmResponse,
  type DefragmentRequest,
  type DefragmentResponse,
  type DowngradeRequest,
  type DowngradeResponse,
  type HashKVRequest,
  type HashKVResponse,
  type HashRequest,
  type HashResponse,
  type MoveLeaderRequest,
  type MoveLeaderResponse,
  type SnapshotRequest,
  type SnapshotResponse,
  type StatusRequest,
  type StatusResponse,
} from "../../proto/maintenance.ts";
import { hashInSteps } from "../../replica/hash_in_steps.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import { ERROR_TABLE, rpcError } from "../errors.ts";
import { ETCD_SERVER_VERSION, ETCD_STORAGE_VERSION } from "../etcd_version.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { answerDowngrade } from "./downgrade.ts";
import { freedSpace } from "./freed_space.ts";
import { responseHeader } from "./header.ts";
import { snapshotMessages } from "./snapshot_stream.ts";

const ALARM_NAMES: Readonly<Record<AlarmType, string>> = {
  [AlarmType.None]: "NONE",
  [AlarmType.NoSpace]: "NOSPACE",
  [AlarmType.Corrupt]: "CORRUPT",
};

/** An alarm's name in etcd. */
export function alarmName(alarm: AlarmType): string {
  return ALARM_NAMES[alarm];
}

/** etcd's Maintenance service: how this replica is, and what keeps it well. */
export class MaintenanceService {
  readonly #replica: ReplicaPort;

  constructor(replica: ReplicaPort) {
    this.#replica = replica;
  }

  /** What this replica knows of itself, without asking anybody. It works without a leader. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every method of a service
  async status(_request: StatusRequest, context: CallContext): Promise<StatusResponse> {
    mustServe(this.#replica, context, { learnerMay: true });
    const { machine } = this.#replica;
    const status = this.#replica.status();
    return {
      header: responseHeader(this.#replica, machine.store.revision),
      version: ETCD_SERVER_VERSION,
      // What the quota is held against, as in etcd; the log is not part of it.
      dbSize: machine.store.bytesTotal,
      leader: status.leader,
      raftIndex: status.commitIndex,
      raftTerm: status.term,
      raftAppliedIndex: status.appliedIndex,
      errors: [
        ...(status.leader === NO_MEMBER ? [ERROR_TABLE["no leader"][1]] : []),
        ...machine.alarms.get(AlarmType.None).map(alarmText),
      ],
      dbSizeInUse: machine.store.bytesInUse,
      isLearner: status.configuration.learners.includes(status.memberId),
      storageVersion: ETCD_STORAGE_VERSION,
      dbSizeQuota: Number.isFinite(status.quotaBytes) ? status.quotaBytes : 0,
    };
  }

  /** Lists, raises or clears alarms; through the log, so that even a list needs a quorum. */
  async alarm(request: AlarmRequest, context: CallContext): Promise<AlarmResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const body = encodeToBytes(AlarmRequest, request);
    const options = replicaOptions(context);
    const result = await this.#replica.propose(CommandKind.Alarm, body, options);
    if (result.reason !== null) throw rpcError(result.reason);
    const response = result.response as AlarmResponse;
    return { ...response, header: responseHeader(this.#replica, result.revision) };
  }

  /** A digest of everything here. Equal on replicas that have applied equally much. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every method of a service
  async hash(_request: HashRequest, context: CallContext): Promise<HashResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const { machine } = this.#replica;
    return { header: responseHeader(this.#replica, machine.store.revision), hash: machine.hash() };
  }

  /** A hash of the history up to a revision, which can be compared with other replicas' and etcd's. */
  async hashKv({ revision }: HashKVRequest, context: CallContext): Promise<HashKVResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const { machine } = this.#replica;
    const result = await hashInSteps(machine, revision, () => {
      context.signal?.throwIfAborted();
      return new Promise((resolve) => setTimeout(resolve, 0));
    });
    if (typeof result === "string") throw rpcError(result);
    return {
      header: responseHeader(this.#replica, machine.store.revision),
      hash: result.hash,
      compactRevision: result.compactRevision,
      hashRevision: result.revision,
    };
  }

  /**
   * Waits until compaction has given all space back. There is nothing else to do: segments have no
   * holes. Ref: etcd answers without a header.
   */
  async defragment(_request: DefragmentRequest, context: CallContext): Promise<DefragmentResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    await freedSpace(this.#replica.machine, context.signal);
    return {};
  }

  /** All that is stored, as a file in pieces. A learner may be asked, too. */
  snapshot(_request: SnapshotRequest, context: CallContext): Generator<SnapshotResponse> {
    mustServe(this.#replica, context, { learnerMay: true });
    return snapshotMessages(this.#replica);
  }

  /** Hands leadership to another voter. Only the leader does. Ref: etcd answers without a header. */
  async moveLeader(
    { targetId }: MoveLeaderRequest,
    context: CallContext,
  ): Promise<MoveLeaderResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    await this.#replica.transferLeadership(targetId);
    return {};
  }

  /** Says whether the cluster could go back to an older version. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every method of a service
  async downgrade(request: DowngradeRequest, context: CallContext): Promise<DowngradeResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const version = answerDowngrade(request.action, request.version);
    const { revision } = this.#replica.machine.store;
    return { header: responseHeader(this.#replica, revision), version };
  }
}

/** An alarm as etcd prints it: protobuf's text form. */
function alarmText({ memberId, alarm }: ActiveAlarm): string {
  return `memberID:${memberId} alarm:${alarmName(alarm)}`;
}
