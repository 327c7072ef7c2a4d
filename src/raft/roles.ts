import { assert } from "../base/assert.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { membersOf } from "./configuration.ts";
import { EntryKind } from "./entry.ts";
import { Inflights } from "./inflights.ts";
import { Progress } from "./progress.ts";
import { appendAsLeader } from "./proposals.ts";
import type { RaftState } from "./state.ts";

/** Follows `leader`, or nobody yet, in `term`. */
export function becomeFollower(state: RaftState, term: number, leader: MemberId): void {
  reset(state, term);
  state.role = "follower";
  state.leader = leader;
}

/** Asks whether an election could be won; changes neither term nor vote (thesis §9.6). */
export function becomePreCandidate(state: RaftState): void {
  assert(state.role !== "leader", "A leader cannot become a candidate");
  state.votes.clear();
  resetElectionTimer(state);
  state.role = "preCandidate";
  // A pre-candidate that remembered its leader would refuse others their pre-votes for ever.
  state.leader = NO_MEMBER;
}

/** Votes for itself in a new term. */
export function becomeCandidate(state: RaftState): void {
  assert(state.role !== "leader", "A leader cannot become a candidate");
  reset(state, state.term + 1);
  state.vote = state.id;
  state.role = "candidate";
}

/** Leads its term, and opens it with an empty entry (Raft §8). */
export function becomeLeader(state: RaftState): void {
  assert(state.role === "candidate", "Only a candidate can become leader");
  reset(state, state.term);
  state.role = "leader";
  state.leader = state.id;
  const { log } = state;
  for (const id of membersOf(state.configuration)) {
    if (id !== state.id) state.progress.set(id, newProgress(state, log.lastIndex + 1));
  }
  state.uncommittedBytes = log.bytesBetween(log.commit, log.lastIndex);
  appendAsLeader(state, EntryKind.Empty, EMPTY_BYTES);
  // Safety: the log may hold a change that is not applied, and a change may be proposed only after an
  // entry of this term is committed (Ongaro, raft-dev 2015). Both hold once the empty entry is applied.
  state.pendingConfigurationIndex = log.lastIndex;
}

/** What a leader knows about a member that it has not heard from. */
export function newProgress(state: RaftState, next: number): Progress {
  const { inflightMessagesMax, inflightBytesMax } = state.settings;
  return new Progress(next, state.ticks, new Inflights(inflightMessagesMax, inflightBytesMax));
}

/** Starts waiting for the leader anew. */
export function resetElectionTimer(state: RaftState): void {
  const { electionTicks, prng } = state.settings;
  state.electionElapsed = 0;
  state.electionTimeout = prng.between(electionTicks, 2 * electionTicks);
}

function reset(state: RaftState, term: number): void {
  assert(term >= state.term, `The term must not fall from ${state.term} to ${term}`);
  if (term !== state.term) {
    state.term = term;
    state.vote = NO_MEMBER;
    // Safety: what was promised in an older term and is not on its way to storage yet may be about
    // entries that this term replaces. Nobody misses it: a lost message is asked for again.
    state.promises = [];
  }
  state.leader = NO_MEMBER;
  resetElectionTimer(state);
  state.heartbeatElapsed = 0;
  state.votes.clear();
  state.progress.clear();
  state.reads.clear();
  state.transferee = NO_MEMBER;
  state.leaseTick = -Infinity;
  state.leaseRevoked = false;
  state.campaignDue = false;
  state.pendingConfigurationIndex = 0;
  state.uncommittedBytes = 0;
  state.sendsDue = false;
}
