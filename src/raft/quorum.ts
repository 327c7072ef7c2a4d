import type { MemberId } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";

/** What the votes that are in say about an election. */
export type VoteResult = "won" | "lost" | "pending";

/**
 * The highest index that a quorum has reached. In a joint configuration that takes a majority of
 * both halves (thesis §4.3).
 */
export function committedIndex(
  configuration: Configuration,
  indexOf: (id: MemberId) => number,
): number {
  const incoming = majorityIndex(configuration.voters, indexOf);
  if (configuration.outgoing.length === 0) return incoming;
  return Math.min(incoming, majorityIndex(configuration.outgoing, indexOf));
}

/** Whether a quorum says yes, cannot say yes any more, or may still say so; undefined is no answer. */
export function voteResult(
  configuration: Configuration,
  voteOf: (id: MemberId) => boolean | undefined,
): VoteResult {
  const incoming = majorityVote(configuration.voters, voteOf);
  if (configuration.outgoing.length === 0 || incoming === "lost") return incoming;
  const outgoing = majorityVote(configuration.outgoing, voteOf);
  return outgoing === "won" ? incoming : outgoing;
}

/** Nobody can agree on anything in a configuration without voters: zero. */
function majorityIndex(voters: readonly MemberId[], indexOf: (id: MemberId) => number): number {
  if (voters.length === 0) return 0;
  const sorted = voters.map(indexOf).sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >>> 1];
}

function majorityVote(
  voters: readonly MemberId[],
  voteOf: (id: MemberId) => boolean | undefined,
): VoteResult {
  const majority = (voters.length >>> 1) + 1;
  let granted = 0;
  let refused = 0;
  for (const id of voters) {
    const vote = voteOf(id);
    if (vote === true) granted++;
    else if (vote === false) refused++;
  }
  if (granted >= majority) return "won";
  return voters.length - refused < majority ? "lost" : "pending";
}
