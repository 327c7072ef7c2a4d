import { type Entry, ENTRY_OVERHEAD_BYTES, EntryKind } from "./entry.ts";
import { NO_MEMBER } from "../base/ids.ts";
import type { RaftState } from "./state.ts";

/** What became of a proposal: taken into the log, or why not. */
export type ProposalResult = "accepted" | "notLeader" | "overloaded" | "transferring";

/** Puts an entry of this term at the end of the leader's log. */
export function appendAsLeader(state: RaftState, kind: EntryKind, data: Uint8Array): void {
  const entry: Entry = { term: state.term, index: state.log.lastIndex + 1, kind, data };
  state.log.push(entry);
  state.uncommittedBytes += data.length + ENTRY_OVERHEAD_BYTES;
  state.sendsDue = true;
}

/** Why this replica takes no proposals now, or null if it does. */
export function whyNoProposals(state: RaftState): "notLeader" | "transferring" | null {
  if (state.role !== "leader" || !state.isVoter) return "notLeader";
  return state.transferee === NO_MEMBER ? null : "transferring";
}

/** Takes commands into the log, all of them or none; each becomes one entry. */
export function propose(state: RaftState, commands: readonly Uint8Array[]): ProposalResult {
  const refusal = whyNoProposals(state);
  if (refusal !== null) return refusal;
  let bytes = 0;
  for (const data of commands) bytes += data.length + ENTRY_OVERHEAD_BYTES;
  // Something is always let through when nothing waits, however large.
  const { uncommittedBytes, settings } = state;
  if (uncommittedBytes > 0 && uncommittedBytes + bytes > settings.uncommittedBytesMax) {
    return "overloaded";
  }
  for (const data of commands) appendAsLeader(state, EntryKind.Command, data);
  return "accepted";
}
