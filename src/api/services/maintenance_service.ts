import { NO_MEMBER } from "../../base/ids.ts";
import { type ActiveAlarm, AlarmType } from "../../machine/alarms.ts";
import type { StatusRequest, StatusResponse } from "../../proto/maintenance.ts";
import { type CallContext, mustServe } from "../call_context.ts";
import { ERROR_TABLE } from "../errors.ts";
import { ETCD_SERVER_VERSION, ETCD_STORAGE_VERSION } from "../etcd_version.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";

const ALARM_NAMES: Readonly<Record<AlarmType, string>> = {
  [AlarmType.None]: "NONE",
  [AlarmType.NoSpace]: "NOSPACE",
  [AlarmType.Corrupt]: "CORRUPT",
};

/** An alarm's name in etcd. */
export function alarmName(alarm: AlarmType): string {
  return ALARM_NAMES[alarm];
}

/** etcd's Maintenance service: how this replica is. */
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
      dbSize: status.storageBytes,
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
}

/** An alarm as etcd prints it: protobuf's text form. */
function alarmText({ memberId, alarm }: ActiveAlarm): string {
  return `memberID:${memberId} alarm:${alarmName(alarm)}`;
}
