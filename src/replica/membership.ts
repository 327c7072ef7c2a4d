import type { Machine } from "../machine/machine.ts";
import { decodeMembershipChange } from "../machine/membership_change.ts";
import { decodeConfigurationChange } from "../raft/configuration_change.ts";
import type { Entry } from "../raft/entry.ts";
import type { RaftNode } from "../raft/node.ts";

/**
 * Applies an entry that changes who takes part: first to the table of members, which may refuse it,
 * and then to Raft. Both decide alike on every replica, since both go by the log alone.
 */
export function applyConfigurationEntry(
  entry: Entry,
  { machine, raft }: { readonly machine: Machine; readonly raft: RaftNode },
): void {
  const change = decodeConfigurationChange(entry.data);
  if (change.context.length > 0) {
    const membership = decodeMembershipChange(change.context);
    if (machine.applyMembershipChange(membership) !== null) return;
  }
  raft.applyConfiguration(change);
}
