import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { votersOf } from "./configuration.ts";
import type { Progress } from "./progress.ts";
import type { RaftState } from "./state.ts";

/** What became of a wish to hand leadership over. */
export type TransferResult = "started" | "notLeader" | "alreadyLeader" | "notVoter";

/**
 * Begins to hand leadership to `to` (thesis §3.10): no proposals are taken from now on, and once `to`
 * has the whole log it is told to campaign at once. An election timeout later it is given up.
 */
export function transferLeadership(state: RaftState, to: MemberId): TransferResult {
  if (state.role !== "leader") return "notLeader";
  if (to === state.id) return "alreadyLeader";
  const progress = state.progress.get(to);
  if (progress === undefined || !votersOf(state.configuration).includes(to)) return "notVoter";
  if (state.transferee === to) return "started";
  state.transferee = to;
  state.transferElapsed = 0;
  progress.pokeDue = true;
  state.sendsDue = true;
  maybeSendTimeoutNow(state, to, progress);
  return "started";
}

/** Tells the transferee to campaign if it has everything. */
export function maybeSendTimeoutNow(state: RaftState, id: MemberId, progress: Progress): void {
  if (id === state.transferee && progress.match === state.log.lastIndex) sendTimeoutNow(state, id);
}

/** Tells a member to campaign at once. */
export function sendTimeoutNow(state: RaftState, to: MemberId): void {
  state.leaseRevoked = true;
  state.messages.push({ type: "timeoutNow", from: state.id, to, term: state.term });
}

/** Gives a transfer up that takes too long; the leader then takes proposals again. */
export function tickTransfer(state: RaftState): void {
  if (state.transferee === NO_MEMBER) return;
  if (++state.transferElapsed >= state.settings.electionTicks) state.transferee = NO_MEMBER;
}
