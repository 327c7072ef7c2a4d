import type { LeaseId } from "../base/ids.ts";
import { encodeToBytes } from "../proto/codec.ts";
import { type Command, CommandKind } from "../proto/command.ts";
import {
  LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  LeaseRevokeRequest,
} from "../proto/lease.ts";
import type { CommandResult } from "./result.ts";

/** The command that ends a lease if its time is over by then. */
export function expireLeaseCommand(id: LeaseId): Command {
  const body = encodeToBytes(LeaseRevokeRequest, { id });
  return { kind: CommandKind.LeaseExpire, body, identity: null };
}

/** The body of the command that gives a lease its full time again. */
export function leaseRenewal(id: LeaseId): Uint8Array {
  return encodeToBytes(LeaseKeepAliveRequest, { id });
}

/** The seconds that a renewal was answered, or zero if there is no such lease. */
export function renewedSeconds({ response }: CommandResult): number {
  return (response as LeaseKeepAliveResponse).ttl;
}
