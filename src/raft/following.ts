import { assert } from "../base/assert.ts";
import { isMember } from "./configuration.ts";
import type { AppendMessage, Envelope, HeartbeatMessage, SnapshotMessage } from "./message.ts";
import { becomeFollower } from "./roles.ts";
import type { RaftState } from "./state.ts";

/** A message that only the leader of this term can have sent: follow it. */
export function follow(state: RaftState, message: Envelope): void {
  const { from, term } = message;
  const { leader } = state;
  assert(
    state.role !== "leader" && (state.role !== "follower" || leader === 0n || leader === from),
    `Term ${term} has two leaders, ${leader.toString(16)} and ${from.toString(16)}`,
  );
  if (state.role !== "follower") becomeFollower(state, term, from);
  state.leader = from;
  state.electionElapsed = 0;
}

/** The leader replicates entries (Raft §5.3). */
export function onAppend(state: RaftState, message: AppendMessage): void {
  const { log } = state;
  const { prevIndex, prevTerm, entries } = message;
  if (!isWellFormed(message)) return;
  if (prevIndex < log.commit) {
    // Everything committed matches, and below the log's first entry nothing else can be said.
    acknowledge(state, message, log.commit);
    return;
  }
  if (!log.matches(prevIndex, prevTerm)) {
    refuse(state, message, log.lastPossibleMatch(prevIndex, prevTerm));
    return;
  }
  log.merge(entries);
  const matched = prevIndex + entries.length;
  // Only what this very message covers is known to match the leader's log.
  log.commitTo(Math.min(message.commit, matched));
  acknowledge(state, message, matched);
}

/** Entries follow each other from `prevIndex` on, and terms never fall along a log. */
function isWellFormed({ term, prevIndex, prevTerm, entries }: AppendMessage): boolean {
  let lastTerm = prevTerm;
  for (let i = 0; i < entries.length; i++) {
    if (entries[i].index !== prevIndex + 1 + i || entries[i].term < lastTerm) return false;
    lastTerm = entries[i].term;
  }
  return lastTerm <= term;
}

/** The leader is alive and tells what is committed. */
export function onHeartbeat(state: RaftState, message: HeartbeatMessage): void {
  state.log.commitTo(message.commit);
  state.messages.push({
    type: "heartbeatAnswer",
    from: state.id,
    to: message.from,
    term: state.term,
    readContext: message.readContext,
  });
}

/** The leader's snapshot, whose data the replica has fetched. */
export function onSnapshot(state: RaftState, message: SnapshotMessage): void {
  const { log } = state;
  const { snapshot } = message;
  if (snapshot.index > log.commit && isMember(snapshot.configuration, state.id)) {
    if (log.matches(snapshot.index, snapshot.term)) log.commitTo(snapshot.index);
    else {
      log.restore(snapshot);
      state.configuration = snapshot.configuration;
    }
  }
  acknowledge(state, message, log.commit);
}

/** Safety: an acknowledgement leaves only once everything it speaks of is durable. */
function acknowledge(state: RaftState, message: Envelope, index: number): void {
  state.promises.push({
    type: "appendAnswer",
    from: state.id,
    to: message.from,
    term: state.term,
    rejected: false,
    index,
    hintIndex: 0,
    hintTerm: 0,
  });
}

/** A refusal promises nothing, so it need not wait. */
function refuse(
  state: RaftState,
  message: AppendMessage,
  hint: { index: number; term: number },
): void {
  state.messages.push({
    type: "appendAnswer",
    from: state.id,
    to: message.from,
    term: state.term,
    rejected: true,
    index: message.prevIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

/**
 * Tells a leader of an older term that its time is over. With pre-vote and leader stickiness a
 * replica in a higher term would else never get back in: nobody listens to its requests for votes.
 */
export function dismiss(state: RaftState, message: Envelope): void {
  state.messages.push({
    type: "appendAnswer",
    from: state.id,
    to: message.from,
    term: state.term,
    rejected: true,
    index: 0,
    hintIndex: 0,
    hintTerm: 0,
  });
}
