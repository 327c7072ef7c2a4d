/** Who the cluster's replicas are, and changes of that. */
import type { KvorumClient, WaitOptions } from "./client.ts";
import {
  MEMBER_ADD,
  MEMBER_LIST,
  MEMBER_PROMOTE,
  MEMBER_REMOVE,
  MEMBER_UPDATE,
} from "./cluster_methods.ts";
import { KvorumError } from "./errors.ts";

/** One replica of a cluster. */
export interface Member {
  /** Its identity. People see it in hexadecimal. */
  readonly id: bigint;
  /** Its name; empty until it has started. */
  readonly name: string;
  /** Where the other replicas reach it. */
  readonly peerUrls: readonly string[];
  /** Where clients reach it; none until it has started. */
  readonly clientUrls: readonly string[];
  /** Whether it only learns, and does not vote. */
  readonly isLearner: boolean;
}

/**
 * The replicas of the cluster, by identity.
 *
 * @example Connect to all of a cluster, knowing one
 * ```ts
 * import { connect, type KvorumClient, memberList } from "@kvorum/kvorum/client";
 *
 * async function connectToAll(url: string): Promise<KvorumClient> {
 *   await using one = connect(url);
 *   const members = await memberList(one);
 *   return connect(members.flatMap(({ clientUrls }) => clientUrls));
 * }
 * ```
 */
export function memberList(
  client: KvorumClient,
  options?: WaitOptions,
): Promise<readonly Member[]> {
  return client.call(MEMBER_LIST, { linearizable: true }, ({ members }) => members, options);
}

/**
 * Adds a replica, which is to be started afterwards.
 *
 * @param peerUrls Where the other replicas will reach it.
 * @returns the new member
 * @throws {OutcomeUnknownError} when no answer came: look at {@linkcode memberList} before you repeat it
 */
export function memberAdd(
  client: KvorumClient,
  peerUrls: readonly string[],
  options: WaitOptions & { readonly learner?: boolean } = {},
): Promise<Member> {
  const request = { peerUrls: [...peerUrls], isLearner: options.learner ?? false };
  return client.call(MEMBER_ADD, request, ({ member }) => {
    if (member !== undefined) return member;
    throw new KvorumError("INTERNAL", "the answer does not name the new member");
  }, options);
}

/**
 * Takes a replica out, for good.
 * @returns those that are left
 * @throws {OutcomeUnknownError} when no answer came: look at {@linkcode memberList} before you repeat it
 */
export function memberRemove(
  client: KvorumClient,
  id: bigint,
  options?: WaitOptions,
): Promise<readonly Member[]> {
  return client.call(MEMBER_REMOVE, { id }, ({ members }) => members, options);
}

/** Changes where the other replicas reach a replica. @returns all replicas */
export function memberUpdate(
  client: KvorumClient,
  id: bigint,
  peerUrls: readonly string[],
  options?: WaitOptions,
): Promise<readonly Member[]> {
  const request = { id, peerUrls: [...peerUrls] };
  return client.call(MEMBER_UPDATE, request, ({ members }) => members, options);
}

/**
 * Lets a learner vote.
 * @returns all replicas
 * @throws {OutcomeUnknownError} when no answer came: look at {@linkcode memberList} before you repeat it
 */
export function memberPromote(
  client: KvorumClient,
  id: bigint,
  options?: WaitOptions,
): Promise<readonly Member[]> {
  return client.call(MEMBER_PROMOTE, { id }, ({ members }) => members, options);
}
