import { EMPTY_BYTES } from "../base/bytes.ts";
import { LEASE_TTL_SECONDS_MAX } from "../base/limits.ts";
import type {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
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

/**
 * Gives a lease its full time again, counted from the entry's stamp, and answers with that time, or
 * with zero if there is no such lease. Until the log has ended a lease it may be renewed, also late.
 */
export function applyLeaseRenew(state: MachineState, { id }: LeaseKeepAliveRequest): Outcome {
  const ttl = state.leases.renew(id)?.ttlSeconds ?? 0;
  return { id, ttl } satisfies LeaseKeepAliveResponse;
}

/**
 * Ends a lease whose time is over, as a leader has seen it coming. Safety: what counts is the log's
 * own clock and every renewal before this entry, and not what the leader knew. So an entry of a
 * leader that was deposed meanwhile ends nothing early, whenever it is committed.
 */
export function applyLeaseExpire(state: MachineState, request: LeaseRevokeRequest): Outcome {
  return state.leases.isOver(request.id) ? applyLeaseRevoke(state, request) : {};
}
