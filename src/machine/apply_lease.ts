import { EMPTY_BYTES } from "../base/bytes.ts";
import { LEASE_TTL_SECONDS_MAX } from "../base/limits.ts";
import type {
  LeaseCheckpointRequest,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
} from "../proto/lease.ts";
import { AlarmType } from "./alarms.ts";
import type { MachineState, Outcome } from "./outcome.ts";

/**
 * Grants a lease. Whoever proposes has chosen the id and raised the TTL to the least that is allowed,
 * so that nothing here depends on a replica's own configuration.
 */
export function applyLeaseGrant(state: MachineState, { id, ttl }: LeaseGrantRequest): Outcome {
  if (state.alarms.has(AlarmType.Corrupt)) return "corrupt";
  if (state.alarms.has(AlarmType.NoSpace)) return "no space";
  if (id === 0n || ttl < 1) return "malformed command";
  if (ttl > LEASE_TTL_SECONDS_MAX) return "lease ttl too large";
  if (!state.leases.grant(id, ttl)) return "lease exists";
  return { id, ttl, error: "" } satisfies LeaseGrantResponse;
}

/** Ends a lease and deletes its keys in their order, all at one revision. */
export function applyLeaseRevoke(state: MachineState, { id }: LeaseRevokeRequest): Outcome {
  if (state.alarms.has(AlarmType.Corrupt)) return "corrupt";
  const keys = state.leases.revoke(id);
  if (keys === null) return "lease not found";
  if (keys.length > 0) {
    const txn = state.store.begin();
    for (const key of keys) txn.deleteRange(key, EMPTY_BYTES);
    txn.end();
  }
  return {};
}

/** Notes what is left of leases. One that is gone by now is passed over, as in etcd. */
export function applyLeaseCheckpoint(
  state: MachineState,
  { checkpoints }: LeaseCheckpointRequest,
): Outcome {
  for (const { remainingTtl } of checkpoints) {
    if (remainingTtl < 0 || remainingTtl > LEASE_TTL_SECONDS_MAX) return "malformed command";
  }
  for (const { id, remainingTtl } of checkpoints) state.leases.checkpoint(id, remainingTtl);
  return {};
}
