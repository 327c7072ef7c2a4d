import { assert } from "../base/assert.ts";
import { countOwnVote } from "./election.ts";
import { EntryKind } from "./entry.ts";
import type { HardState } from "./hard_state.ts";
import type { Write } from "./ready.ts";
import { maybeCommit } from "./replication.ts";
import type { RaftState } from "./state.ts";

/** Whether storage can be given something now. */
export function writeDue(state: RaftState): boolean {
  return state.writing === null && (state.log.hasUnwritten || hardStateChanged(state));
}

/**
 * Makes the next write of everything that is not durable, or null while one is under way or nothing
 * is to be written. Promises go with it; without anything to write they can be kept at once.
 */
export function takeWrite(state: RaftState): Write | null {
  if (state.writing !== null) return null;
  if (!writeDue(state)) {
    state.messages.push(...state.promises);
    state.promises = [];
    return null;
  }
  const snapshot = state.log.pendingSnapshot;
  const entries = state.log.takeUnwritten();
  let hardState: HardState | null = null;
  // Safety: who has a change of the configuration in its log must know, over a restart too, that the
  // change before it is committed. Else it could campaign two configurations behind, in one whose
  // majorities need not meet the present one's. The commit index travels with the entry to that end.
  const changes = entries.some((entry) => entry.kind === EntryKind.Configuration);
  if (changes || snapshot !== null || hardStateChanged(state)) {
    hardState = { term: state.term, vote: state.vote, commit: state.log.commit };
    state.handedHardState = hardState;
  }
  state.writing = { hardState, entries, snapshot, messages: state.promises };
  state.promises = [];
  return state.writing;
}

function hardStateChanged(state: RaftState): boolean {
  const { term, vote } = state.handedHardState;
  return term !== state.term || vote !== state.vote || state.log.hasUnsettledConfiguration;
}

/** The write is durable: what it carried counts from now on. */
export function confirmWrite(state: RaftState, write: Write): void {
  assert(write === state.writing, "Only the write under way can have become durable");
  state.writing = null;
  if (write.hardState !== null) state.durableHardState = write.hardState;
  const wasUnsettled = state.log.hasUnsettledConfiguration;
  state.log.confirmWritten(write.snapshot, write.hardState?.commit ?? 0);
  if (state.role === "candidate") countOwnVote(state);
  if (state.role === "leader") {
    if (wasUnsettled) state.sendsDue = true;
    maybeCommit(state);
  }
}
