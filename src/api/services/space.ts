/** What writes cost before anybody makes them. Ref: etcd server/storage/quota.go. */
import { raiseAlarmCommand } from "../../machine/admin_command.ts";
import { AlarmType } from "../../machine/alarms.ts";
import type { PutRequest, RequestOp, TxnRequest } from "../../proto/kv.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";

/** What a key needs besides its bytes, generously. */
const KEY_OVERHEAD_BYTES = 256;
/** What a lease needs. */
export const LEASE_COST_BYTES = 64;

/** What a put adds to the store. */
export function putCost({ key, value }: PutRequest): number {
  return KEY_OVERHEAD_BYTES + key.length + value.length;
}

/** What a transaction adds: the more expensive of its branches. */
export function txnCost({ success, failure }: TxnRequest): number {
  return Math.max(operationsCost(success), operationsCost(failure));
}

function operationsCost(operations: readonly RequestOp[]): number {
  let cost = 0;
  for (const { requestPut, requestTxn } of operations) {
    if (requestPut !== undefined) cost += putCost(requestPut);
    else if (requestTxn !== undefined) cost += txnCost(requestTxn);
  }
  return cost;
}

/**
 * Refuses a write that would not fit, once the alarm is on that stops the writes of all.
 * @throws {RpcError} always
 */
export async function refuseForSpace(replica: ReplicaPort): Promise<never> {
  const { memberId } = replica.status();
  const active = replica.machine.alarms.get(AlarmType.NoSpace);
  if (!active.some((alarm) => alarm.memberId === memberId)) {
    const { kind, body } = raiseAlarmCommand(memberId, AlarmType.NoSpace);
    try {
      await replica.propose(kind, body);
    } catch {
      // The write is refused in any case; the next one raises the alarm.
    }
  }
  throw rpcError("no space");
}
