import { assert } from "../base/assert.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { entryBytes } from "./entry.ts";
import type { AppendAnswer, HeartbeatAnswer } from "./message.ts";
import type { Progress } from "./progress.ts";
import { committedIndex, voteResult } from "./quorum.ts";
import type { RaftState } from "./state.ts";

/** Sends every follower what it may be sent; called once when a turn ends. */
export function sendDue(state: RaftState): void {
  if (!state.sendsDue) return;
  state.sendsDue = false;
  for (const [id, progress] of state.progress) sendTo(state, id, progress);
}

function sendTo(state: RaftState, to: MemberId, progress: Progress): void {
  const { log } = state;
  while (progress.state !== "snapshot" && !progress.paused) {
    if (progress.next < log.firstIndex) {
      sendSnapshot(state, to, progress);
      return;
    }
    const windowFull = progress.state === "replicate" && progress.inflights.full;
    const hasEntries = progress.next <= log.lastIndex && !windowFull;
    if (!hasEntries && !progress.pokeDue && !progress.canRaiseCommit(log.settledCommit)) return;
    sendAppend(state, to, progress, hasEntries);
  }
}

function sendAppend(
  state: RaftState,
  to: MemberId,
  progress: Progress,
  withEntries: boolean,
): void {
  const { log } = state;
  const prevIndex = progress.next - 1;
  const entries = withEntries ? log.slice(progress.next, state.settings.appendBytesMax) : [];
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  state.messages.push({
    type: "append",
    from: state.id,
    to,
    term: state.term,
    prevIndex,
    prevTerm: log.termAt(prevIndex)!,
    entries,
    commit: log.settledCommit,
  });
  progress.sentAppend(entries.length, bytes, log.settledCommit);
}

/**
 * Tells a follower to fetch a snapshot of what this replica has applied right now. Safety: index,
 * term and configuration are all of the applied state, never of what is only in the log.
 */
function sendSnapshot(state: RaftState, to: MemberId, progress: Progress): void {
  const { log } = state;
  // Nobody fetches for a member that is not there.
  if (!isActive(state, to)) return;
  const index = log.applied;
  progress.becomeSnapshot(index);
  state.messages.push({
    type: "snapshot",
    from: state.id,
    to,
    term: state.term,
    snapshot: { index, term: log.termAt(index)!, configuration: state.configuration },
  });
}

/** Sends all members a heartbeat, which also carries the newest round of reads. */
export function broadcastHeartbeat(state: RaftState): void {
  state.heartbeatElapsed = 0;
  const readContext = state.reads.openRound;
  for (const [to, progress] of state.progress) {
    // Safety: a follower must not commit what it is not known to have (etcd issue 16220).
    const commit = Math.min(progress.match, state.log.settledCommit);
    state.messages.push({
      type: "heartbeat",
      from: state.id,
      to,
      term: state.term,
      commit,
      readContext,
    });
    progress.sentHeartbeat(commit);
  }
}

/** A follower answers an append message or has installed a snapshot. */
export function onAppendAnswer(
  state: RaftState,
  progress: Progress,
  message: AppendAnswer,
): void {
  const { log } = state;
  progress.activeTick = state.ticks;
  if (message.rejected) {
    let hint = message.hintIndex;
    if (message.hintTerm > 0) hint = log.lastPossibleMatch(hint, message.hintTerm).index;
    if (progress.maybeDecrease(message.index, hint)) state.sendsDue = true;
    return;
  }
  assert(
    message.index <= log.lastIndex,
    `A follower has entry ${message.index} of a leader whose log ends at ${log.lastIndex}`,
  );
  const found = progress.state === "probe" && progress.match === message.index;
  if (!progress.maybeUpdate(message.index) && !found) return;
  state.sendsDue = true;
  if (progress.state === "replicate") progress.inflights.freeThrough(message.index);
  else if (progress.match + 1 >= log.firstIndex) progress.becomeReplicate();
  // The snapshot was too old by the time it was installed: the next one is due.
  else progress.becomeProbe();
  maybeCommit(state);
}

/** A follower is alive. What it lacks, or what may have got lost, is sent again. */
export function onHeartbeatAnswer(
  state: RaftState,
  progress: Progress,
  message: HeartbeatAnswer,
): void {
  progress.activeTick = state.ticks;
  progress.paused = false;
  if (progress.match < state.log.lastIndex || progress.state === "probe") {
    progress.pokeDue = true;
    state.sendsDue = true;
  }
  if (message.readContext > 0) state.reads.answer(message.from, message.readContext);
}

/**
 * Commits what a quorum has. Safety: only an entry of this term is committed by counting; older ones
 * are committed with it (Raft §5.4.2, figure 8). The leader counts through its own durable index.
 */
export function maybeCommit(state: RaftState): void {
  const { log } = state;
  const index = committedIndex(
    state.configuration,
    (id) => id === state.id ? log.stable : state.progress.get(id)?.match ?? 0,
  );
  if (index <= log.commit || log.termAt(index) !== state.term) return;
  state.uncommittedBytes -= log.bytesBetween(log.commit, index);
  log.commitTo(index);
  state.sendsDue = true;
}

/** Whether a quorum was heard from within the last election timeout (thesis §6.2). */
export function hasActiveQuorum(state: RaftState): boolean {
  return voteResult(state.configuration, (id) => isActive(state, id)) === "won";
}

/** Whether a member was heard from within the last election timeout. */
export function isActive(state: RaftState, id: MemberId): boolean {
  if (id === state.id) return true;
  const progress = state.progress.get(id);
  return progress !== undefined &&
    state.ticks - progress.activeTick <= state.settings.electionTicks;
}

/**
 * Sends a snapshot again where the message may have got lost or the follower gave up: after as long
 * as an election takes without any sign that it fetches.
 */
export function tickSnapshots(state: RaftState): void {
  for (const progress of state.progress.values()) {
    if (progress.state !== "snapshot") continue;
    if (++progress.snapshotTicks < state.settings.electionTicks) continue;
    progress.becomeProbe();
    state.sendsDue = true;
  }
}

/** A message to this member could not be delivered: what was sent ahead is probably lost. */
export function onUnreachable(state: RaftState, id: MemberId): void {
  const progress = state.progress.get(id);
  if (progress?.state !== "replicate") return;
  progress.becomeProbe();
  state.sendsDue = true;
}

/** The member fetches the snapshot that it was told to fetch; there is no need to tell it again. */
export function onSnapshotProgress(state: RaftState, id: MemberId): void {
  const progress = state.progress.get(id);
  if (progress !== undefined && id !== NO_MEMBER) progress.snapshotTicks = 0;
}
