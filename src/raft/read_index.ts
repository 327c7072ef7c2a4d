import { NO_MEMBER } from "../base/ids.ts";
import type { ReadIndexAnswer, ReadIndexMessage } from "./message.ts";
import type { PendingRead } from "./read_queue.ts";
import { broadcastHeartbeat } from "./replication.ts";
import type { RaftState } from "./state.ts";

/** What became of a request for a read index; the answer comes as a `ReadState`, or gets lost. */
export type ReadIndexResult = "accepted" | "noLeader" | "notReady";

/** Asks for an index that a linearizable read must wait for. Context numbers are never used twice. */
export function readIndex(state: RaftState, context: number): ReadIndexResult {
  if (state.role === "leader") {
    return gatherRead(state, { from: state.id, context }) ? "accepted" : "notReady";
  }
  if (state.leader === NO_MEMBER) return "noLeader";
  state.messages.push({
    type: "readIndex",
    from: state.id,
    to: state.leader,
    term: state.term,
    context,
  });
  return "accepted";
}

/** A follower asks its leader. */
export function onReadIndex(state: RaftState, message: ReadIndexMessage): void {
  if (state.role === "leader") gatherRead(state, message);
}

/** The leader has answered this follower. */
export function onReadIndexAnswer(state: RaftState, message: ReadIndexAnswer): void {
  state.readStates.push({ context: message.context, index: message.index });
}

function gatherRead(state: RaftState, { from, context }: PendingRead): boolean {
  if (state.reads.count >= state.settings.readsMax) return false;
  state.reads.gather({ from, context });
  return true;
}

/** Whether {@linkcode sendReads} would do something. */
export function readsDue(state: RaftState): boolean {
  return state.role === "leader" && state.reads.hasGathered && state.hasCommittedInTerm;
}

/**
 * When a turn ends, all reads gathered in it share one round of heartbeats. Safety: not before this
 * term has a committed entry, for until then the commit index may be behind the previous leader's
 * (thesis §6.4).
 */
export function sendReads(state: RaftState): void {
  if (!readsDue(state)) return;
  const { reads, log } = state;
  if (isAlone(state) || holdsLease(state)) {
    for (const read of reads.takeGathered()) answerRead(state, read, log.commit);
    return;
  }
  reads.open(log.commit, state.ticks);
  broadcastHeartbeat(state);
}

/**
 * Whether no other leader can have been elected, if clocks run alike: a quorum has promised to stay
 * for an election timeout after a heartbeat (thesis §6.4.1). A tenth of that is left for clocks that
 * run apart, and one tick for where in a tick each of them stands.
 */
function holdsLease(state: RaftState): boolean {
  const { readMode, electionTicks } = state.settings;
  if (readMode !== "lease" || state.leaseRevoked) return false;
  return state.ticks - state.leaseTick < Math.floor(electionTicks * 0.9) - 1;
}

/**
 * The regular heartbeat; in lease mode it also renews the lease. Safety: it takes gathered reads along,
 * and so must wait for the term's first commit as `sendReads` does.
 */
export function tickHeartbeat(state: RaftState): void {
  if (++state.heartbeatElapsed < state.settings.heartbeatTicks) return;
  const { settings, reads, log } = state;
  if (settings.readMode === "lease" && state.hasCommittedInTerm) {
    reads.open(log.commit, state.ticks);
  }
  broadcastHeartbeat(state);
}

/** Answers the reads whose round a quorum has confirmed. */
export function answerReads(state: RaftState): void {
  for (const { index, tick, reads } of state.reads.takeConfirmed(state.configuration, state.id)) {
    state.leaseTick = tick;
    for (const read of reads) answerRead(state, read, index);
  }
}

function answerRead(state: RaftState, { from, context }: PendingRead, index: number): void {
  if (from === state.id) state.readStates.push({ context, index });
  else {
    state.messages.push({
      type: "readIndexAnswer",
      from: state.id,
      to: from,
      term: state.term,
      context,
      index,
    });
  }
}

function isAlone(state: RaftState): boolean {
  const { voters, outgoing } = state.configuration;
  return outgoing.length === 0 && voters.length === 1 && voters[0] === state.id;
}
