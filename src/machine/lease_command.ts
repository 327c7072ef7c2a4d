import type { LeaseId } from "../base/ids.ts";
import type { LeaseCheckpoint } from "../lease/lease_timer.ts";
import { encodeToBytes } from "../proto/codec.ts";
import { type Command, CommandKind } from "../proto/command.ts";
import { LeaseCheckpointRequest, LeaseRevokeRequest } from "../proto/lease.ts";

/** The command that ends a lease. */
export function revokeLeaseCommand(id: LeaseId): Command {
  const body = encodeToBytes(LeaseRevokeRequest, { id });
  return { kind: CommandKind.LeaseRevoke, body, identity: null };
}

/** The command that notes what is left of leases. */
export function checkpointLeasesCommand(checkpoints: readonly LeaseCheckpoint[]): Command {
  const body = encodeToBytes(LeaseCheckpointRequest, {
    checkpoints: checkpoints.map(({ id, remainingSeconds }) => ({
      id,
      remainingTtl: remainingSeconds,
    })),
  });
  return { kind: CommandKind.LeaseCheckpoint, body, identity: null };
}
