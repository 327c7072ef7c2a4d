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
  if (state.transferee !== to) start(state, to, progress);
  return "started";
}

/** A leader without a vote hands over to the voter that has most of the log. */
export function handOver(state: RaftState): void {
  let best: Progress | undefined;
  let to = NO_MEMBER;
  for (const id of state.configuration.voters) {
    const progress = state.progress.get(id);
    if (progress === undefined || (best !== undefined && progress.match <= best.match)) continue;
    best = progress;
    to = id;
  }
  if (best !== undefined) start(state, to, best);
}

function start(state: RaftState, to: MemberId, progress: Progress): void {
  state.transferee = to;
  state.transferElapsed = 0;
  state.timeoutNowSent = false;
  if (progress.match < state.log.lastIndex) progress.pokeDue = true;
  state.sendsDue = true;
}

/**
 * Tells the transferee to campaign once it has everything. It is the last message of a turn, behind the
 * one that says what is committed, so that the candidate knows the configuration.
 */
export function maybeSendTimeoutNow(state: RaftState): void {
  const { transferee: to } = state;
  if (to === NO_MEMBER || state.timeoutNowSent) return;
  if (state.progress.get(to)?.match !== state.log.lastIndex) return;
  state.timeoutNowSent = true;
  state.leaseRevoked = true;
  state.messages.push({ type: "timeoutNow", from: state.id, to, term: state.term });
}

/** Gives a transfer up that takes too long; the leader then takes proposals again. */
export function tickTransfer(state: RaftState): void {
  if (state.transferee === NO_MEMBER) return;
  if (++state.transferElapsed < state.settings.electionTicks) return;
  state.transferee = NO_MEMBER;
  if (!state.isVoter) handOver(state);
}
