import { assert } from "../base/assert.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import { NO_MEMBER } from "../base/ids.ts";
import { type Configuration, isJoint, membersOf, votersOf } from "./configuration.ts";
import {
  changeConfiguration,
  type ConfigurationChange,
  type ConfigurationRefusal,
  encodeConfigurationChange,
  LEAVE_JOINT,
} from "./configuration_change.ts";
import { EntryKind } from "./entry.ts";
import { appendAsLeader, whyNoProposals } from "./proposals.ts";
import { voteResult } from "./quorum.ts";
import { isActive, maybeCommit } from "./replication.ts";
import { becomeFollower, newProgress } from "./roles.ts";
import type { RaftState } from "./state.ts";
import { handOver } from "./transfer.ts";

/** A learner may vote once it has this share of the leader's log; etcd's figure. */
const LEARNER_READY_SHARE = 0.9;

/**
 * What became of a proposed change of the configuration. *pending*: an earlier one is not applied
 * yet, or this leader has not yet committed in its term. *learnerBehind* and *quorumAtRisk* can be
 * overruled by force.
 */
export type ConfigurationResult =
  | "accepted"
  | "notLeader"
  | "transferring"
  | "pending"
  | ConfigurationRefusal
  | "learnerBehind"
  | "quorumAtRisk";

/** Takes a change of the configuration into the log, one at a time. */
export function proposeConfiguration(
  state: RaftState,
  change: ConfigurationChange,
  force: boolean,
): ConfigurationResult {
  const refusal = whyNoProposals(state);
  if (refusal !== null) return refusal;
  if (state.pendingConfigurationIndex > state.log.applied) return "pending";
  const next = changeConfiguration(state.configuration, change);
  if (typeof next === "string") return next;
  if (!force) {
    if (promotesLaggard(state, next)) return "learnerBehind";
    if (risksQuorum(state, next)) return "quorumAtRisk";
  }
  append(state, change);
  return "accepted";
}

function append(state: RaftState, change: ConfigurationChange): void {
  appendAsLeader(state, EntryKind.Configuration, encodeConfigurationChange(change));
  state.pendingConfigurationIndex = state.log.lastIndex;
}

function promotesLaggard(state: RaftState, next: Configuration): boolean {
  return state.configuration.learners.some((id) =>
    next.voters.includes(id) &&
    (state.progress.get(id)?.match ?? 0) < LEARNER_READY_SHARE * state.log.stable
  );
}

/** Whether the voters that are alive now would be no quorum; a new voter counts as not alive. */
function risksQuorum(state: RaftState, next: Configuration): boolean {
  // A second voter cannot join otherwise: alone it is no majority of two.
  if (state.configuration.voters.length === 1 && next.voters.length === 2) return false;
  return voteResult(next, (id) => isActive(state, id)) !== "won";
}

/** The replica applies a committed change. */
export function applyConfiguration(state: RaftState, change: ConfigurationChange): Configuration {
  const next = changeConfiguration(state.configuration, change);
  assert(typeof next !== "string", `A committed configuration change cannot be applied: ${next}`);
  state.configuration = next;
  if (state.role === "leader") lead(state);
  else if (state.role !== "follower" && !state.isVoter) {
    becomeFollower(state, state.term, state.leader);
  }
  return next;
}

/** Brings what the leader keeps for each member in line with the configuration. */
function lead(state: RaftState): void {
  const members = membersOf(state.configuration);
  for (const id of state.progress.keys()) if (!members.includes(id)) state.progress.delete(id);
  for (const id of members) {
    if (id !== state.id && !state.progress.has(id)) {
      state.progress.set(id, newProgress(state, state.log.lastIndex + 1));
    }
  }
  if (!votersOf(state.configuration).includes(state.transferee)) state.transferee = NO_MEMBER;
  // The quorum that gave the lease may no longer be one.
  state.leaseTick = -Infinity;
  maybeCommit(state);
  state.sendsDue = true;
  // A leader that removed itself goes only when its successor is elected. If it went at once, as
  // thesis §4.2.2 has it, the others might not know that the change is committed, and need its vote.
  if (!state.isVoter) {
    // The successor is who has this entry, for with it comes that the change is committed: it will not
    // need the vote of this member, which will be gone.
    appendAsLeader(state, EntryKind.Empty, EMPTY_BYTES);
    handOver(state);
  }
}

/** Whoever leads a joint configuration that is to be left by itself proposes so, until it is. */
export function maybeLeaveJoint(state: RaftState): void {
  const { configuration } = state;
  if (!isJoint(configuration) || !configuration.autoLeave) return;
  if (whyNoProposals(state) !== null || state.pendingConfigurationIndex > state.log.applied) return;
  append(state, LEAVE_JOINT);
}
