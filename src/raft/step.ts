import { unreachable } from "../base/assert.ts";
import { NO_MEMBER } from "../base/ids.ts";
import {
  campaignForTransfer,
  learnCommit,
  onVote,
  onVoteAnswer,
  refuseVote,
  sticksToLeader,
} from "./election.ts";
import { dismiss, follow, onAppend, onHeartbeat, onSnapshot } from "./following.ts";
import type { Message } from "./message.ts";
import { answerReads, onReadIndex, onReadIndexAnswer } from "./read_index.ts";
import { onAppendAnswer, onHeartbeatAnswer } from "./replication.ts";
import { becomeFollower } from "./roles.ts";
import type { RaftState } from "./state.ts";

/** Handles a message from another replica: whose it is, which term it belongs to, what it says. */
export function step(state: RaftState, message: Message): void {
  const { from, to, term } = message;
  if (to !== state.id || from === state.id || from === NO_MEMBER) return;
  // A member that is not in this replica's configuration may be a new leader or candidate whose
  // election came with a change that has not arrived here. Nobody else may have a say.
  if (isFromSubordinate(message) && !state.isMember(from)) return;
  if (message.type === "voteAnswer") learnCommit(state, message);
  if (term < state.term) stepOutdated(state, message);
  else if (term === state.term || enterTerm(state, message)) dispatch(state, message);
}

/** Messages that only a member may send: answers, and questions to a leader. */
function isFromSubordinate(message: Message): boolean {
  switch (message.type) {
    case "voteAnswer":
    case "appendAnswer":
    case "heartbeatAnswer":
    case "readIndex":
      return true;
    default:
      return false;
  }
}

/** A message of an older term counts for nothing, but some senders must learn of the new one. */
function stepOutdated(state: RaftState, message: Message): void {
  switch (message.type) {
    case "append":
    case "heartbeat":
    case "snapshot":
      dismiss(state, message);
      break;
    case "vote":
      // A pre-candidate with a lower term and a longer log would else never be answered.
      if (message.preVote) refuseVote(state, message);
      break;
    default:
  }
}

/** Raft §5.1: a higher term makes a follower. @returns Whether the message is still to be handled. */
function enterTerm(state: RaftState, message: Message): boolean {
  switch (message.type) {
    case "vote":
      if (!message.transfer && sticksToLeader(state)) return false;
      if (!message.preVote) becomeFollower(state, message.term, NO_MEMBER);
      return true;
    case "voteAnswer":
      // A granted pre-vote names the term that this replica would campaign in, not a real one.
      if (!message.preVote || !message.granted) becomeFollower(state, message.term, NO_MEMBER);
      return true;
    case "append":
    case "heartbeat":
    case "snapshot":
      becomeFollower(state, message.term, message.from);
      return true;
    default:
      becomeFollower(state, message.term, NO_MEMBER);
      return true;
  }
}

function dispatch(state: RaftState, message: Message): void {
  switch (message.type) {
    case "vote":
      return onVote(state, message);
    case "voteAnswer":
      return onVoteAnswer(state, message);
    case "append":
      follow(state, message);
      return onAppend(state, message);
    case "heartbeat":
      follow(state, message);
      return onHeartbeat(state, message);
    case "snapshot":
      follow(state, message);
      return onSnapshot(state, message);
    case "appendAnswer": {
      const progress = state.progress.get(message.from);
      if (progress !== undefined) onAppendAnswer(state, progress, message);
      return;
    }
    case "heartbeatAnswer": {
      const progress = state.progress.get(message.from);
      if (progress === undefined) return;
      onHeartbeatAnswer(state, progress, message);
      return answerReads(state);
    }
    case "readIndex":
      return onReadIndex(state, message);
    case "readIndexAnswer":
      return onReadIndexAnswer(state, message);
    case "timeoutNow":
      if (message.from === state.leader) campaignForTransfer(state);
      return;
    default:
      unreachable(message, "a message");
  }
}
