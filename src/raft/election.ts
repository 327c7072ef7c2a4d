import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { votersOf } from "./configuration.ts";
import type { VoteAnswer, VoteMessage } from "./message.ts";
import { voteResult } from "./quorum.ts";
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  resetElectionTimer,
} from "./roles.ts";
import type { RaftState } from "./state.ts";

/** How a campaign goes about it: ask first, ask for votes, or with the leader's own blessing. */
export type CampaignKind = "preElection" | "election" | "transfer";

/** Starts a campaign, unless this replica must not be leader now. */
export function campaign(state: RaftState, kind: CampaignKind): void {
  if (state.role === "leader" || !state.isPromotable) return;
  // Safety: with an older configuration two leaders could be elected in one term by quorums that do
  // not meet (etcd-io/raft issue 234).
  if (state.log.hasUnappliedConfiguration()) return;
  const preVote = kind === "preElection";
  if (preVote) becomePreCandidate(state);
  else becomeCandidate(state);
  const { log } = state;
  for (const to of votersOf(state.configuration)) {
    if (to === state.id) continue;
    const message: VoteMessage = {
      type: "vote",
      from: state.id,
      to,
      term: preVote ? state.term + 1 : state.term,
      preVote,
      lastIndex: log.lastIndex,
      lastTerm: log.lastTerm,
      transfer: kind === "transfer",
    };
    // Safety: a real request waits for the log and the vote to be durable. If it left before and the
    // candidate crashed, it could ask again in the same term with a shorter log, and late votes that
    // were given to the longer one would count.
    (preVote ? state.messages : state.promises).push(message);
  }
  if (preVote) recordVote(state, state.id, true);
}

/** The leader hands over: this replica campaigns as soon as it knows the configuration. */
export function campaignForTransfer(state: RaftState): void {
  if (state.log.hasUnappliedConfiguration()) state.campaignDue = true;
  else campaign(state, "transfer");
}

/** The candidate's vote for itself counts once it is durable. */
export function countOwnVote(state: RaftState): void {
  const { term, vote } = state.durableHardState;
  if (state.role === "candidate" && term === state.term && vote === state.id) {
    recordVote(state, state.id, true);
  }
}

/** Whether this replica has heard from a leader so recently that it stays with it (thesis §4.2.3). */
export function sticksToLeader(state: RaftState): boolean {
  if (!state.settings.checkQuorum) return false;
  if (state.role === "leader") return true;
  const { electionTicks, readMode } = state.settings;
  // A leader's lease also holds over a restart of this replica, which then cannot know of it.
  if (readMode === "lease" && state.ticks < electionTicks && state.term > 0) return true;
  return state.leader !== NO_MEMBER && state.electionElapsed < electionTicks;
}

/** A candidate asks; the term rules have been applied. */
export function onVote(state: RaftState, message: VoteMessage): void {
  const { from, preVote } = message;
  if (!mayVoteFor(state, message) || !isUpToDate(state, message)) {
    refuseVote(state, message);
    return;
  }
  // A pre-vote is answered in the term it was asked for, or the candidate would ignore the answer.
  const answer = voteAnswer(state, message, message.term, true);
  if (preVote) {
    state.messages.push(answer);
    return;
  }
  state.vote = from;
  resetElectionTimer(state);
  state.promises.push(answer);
}

/** Says no, which promises nothing; the candidate learns this replica's term from it. */
export function refuseVote(state: RaftState, message: VoteMessage): void {
  state.messages.push(voteAnswer(state, message, state.term, false));
}

function voteAnswer(
  state: RaftState,
  { from, preVote }: VoteMessage,
  term: number,
  granted: boolean,
): VoteAnswer {
  const commit = state.log.settledCommit;
  return {
    type: "voteAnswer",
    from: state.id,
    to: from,
    term,
    preVote,
    granted,
    commit,
    commitTerm: state.log.termAt(commit)!,
  };
}

/**
 * Learns what a voter knows to be committed, whatever it answers and in whatever term: committed is
 * committed for ever. Without it a candidate could need, by an old configuration, the vote of a
 * member that a committed change has removed, and that cannot campaign itself.
 */
export function learnCommit(state: RaftState, { commit, commitTerm }: VoteAnswer): void {
  if (state.log.matches(commit, commitTerm)) state.log.commitTo(commit);
}

function mayVoteFor(state: RaftState, message: VoteMessage): boolean {
  if (state.vote === message.from) return true;
  if (state.vote === NO_MEMBER && state.leader === NO_MEMBER) return true;
  return message.preVote && message.term > state.term;
}

/** Raft §5.4.1: compares the last entries, and nothing else; equal logs are up to date. */
function isUpToDate(state: RaftState, message: VoteMessage): boolean {
  const { lastIndex, lastTerm } = state.log;
  if (message.lastTerm !== lastTerm) return message.lastTerm > lastTerm;
  return message.lastIndex >= lastIndex;
}

/** A voter answers this replica's campaign. */
export function onVoteAnswer(state: RaftState, message: VoteAnswer): void {
  if (message.preVote) {
    if (state.role !== "preCandidate") return;
    if (message.granted && message.term !== state.term + 1) return;
  } else if (state.role !== "candidate") return;
  recordVote(state, message.from, message.granted);
}

function recordVote(state: RaftState, from: MemberId, granted: boolean): void {
  // The first answer counts: a voter does not change its mind within a campaign.
  if (!state.votes.has(from)) state.votes.set(from, granted);
  const result = voteResult(state.configuration, (id) => state.votes.get(id));
  if (result === "lost") becomeFollower(state, state.term, NO_MEMBER);
  else if (result === "won") {
    if (state.role === "preCandidate") campaign(state, "election");
    else becomeLeader(state);
  }
}
