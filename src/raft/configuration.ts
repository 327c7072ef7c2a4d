import type { MemberId } from "../base/ids.ts";

/**
 * Who takes part, in which part. All lists are sorted and without duplicates.
 *
 * Invariants: `learners` is disjoint from `voters` and `outgoing`; `learnersNext` is a subset of
 * `outgoing`; `outgoing` is empty unless the configuration is joint (thesis §4.3), and then agreement
 * needs a majority of `voters` and a majority of `outgoing`.
 */
export interface Configuration {
  /** Who votes, and in a joint configuration who will. */
  readonly voters: readonly MemberId[];
  /** Who voted before the change that is under way; empty otherwise. */
  readonly outgoing: readonly MemberId[];
  /** Who receives the log without a vote. */
  readonly learners: readonly MemberId[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly MemberId[];
  /** Whether the leader leaves the joint configuration by itself. */
  readonly autoLeave: boolean;
}

/** A configuration of voters only. */
export function configurationOf(voters: readonly MemberId[]): Configuration {
  return {
    voters: sortedIds(new Set(voters)),
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
}

/** Whether a change of the configuration is under way. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** Whether the replica takes part, with or without a vote. */
export function isMember(configuration: Configuration, id: MemberId): boolean {
  return configuration.voters.includes(id) || configuration.outgoing.includes(id) ||
    configuration.learners.includes(id);
}

/** All who take part, sorted. */
export function membersOf(configuration: Configuration): MemberId[] {
  const { voters, outgoing, learners } = configuration;
  return sortedIds(new Set([...voters, ...outgoing, ...learners]));
}

/** All whose votes may count, sorted. */
export function votersOf(configuration: Configuration): MemberId[] {
  return sortedIds(new Set([...configuration.voters, ...configuration.outgoing]));
}

/** The identifiers in ascending order. */
export function sortedIds(ids: Iterable<MemberId>): MemberId[] {
  return [...ids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
