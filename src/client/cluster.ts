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
 * @example Where clients reach the cluster
 * ```ts
 * import { memberList } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * const members = await memberList(cluster.client);
 * for (const { id, name, clientUrls } of members) console.log(id.toString(16), name, clientUrls);
 * if (members.length !== 1) throw new Error(`${members.length} members`);
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
 * @throws {KvorumError} `FAILED_PRECONDITION` when a member has such a URL already, or when there are
 * too many learners
 * @throws {OutcomeUnknownError} when no answer came: look at {@linkcode memberList} before you repeat it
 *
 * @example Add one that learns before it votes
 * ```ts
 * import { memberAdd } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * const member = await memberAdd(cluster.client, ["http://10.0.0.4:2380"], { learner: true });
 * if (!member.isLearner) throw new Error("It votes");
 * // Now start it: kvorum serve --initial-cluster-state existing …
 * ```
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
 * @throws {KvorumError} `NOT_FOUND` when there is no such member
 * @throws {OutcomeUnknownError} when no answer came: look at {@linkcode memberList} before you repeat it
 *
 * @example Replace a machine that is lost
 * ```ts
 * import { memberAdd, memberRemove } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 *
 * const lost = await memberAdd(client, ["http://10.0.0.4:2380"], { learner: true });
 * await memberRemove(client, lost.id);
 * const added = await memberAdd(client, ["http://10.0.0.5:2380"], { learner: true });
 * if (added.id === lost.id) throw new Error("The new one has the old one's identity");
 * ```
 */
export function memberRemove(
  client: KvorumClient,
  id: bigint,
  options?: WaitOptions,
): Promise<readonly Member[]> {
  return client.call(MEMBER_REMOVE, { id }, ({ members }) => members, options);
}

/**
 * Changes where the other replicas reach a replica.
 * @returns all replicas
 * @throws {KvorumError} `NOT_FOUND` when there is no such member
 *
 * @example A replica has moved
 * ```ts
 * import { memberAdd, memberUpdate } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * const { id } = await memberAdd(client, ["http://10.0.0.4:2380"], { learner: true });
 *
 * const members = await memberUpdate(client, id, ["http://10.0.7.4:2380"]);
 * console.log(members.find((member) => member.id === id)?.peerUrls);
 * ```
 */
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
 * @throws {KvorumError} `FAILED_PRECONDITION` when it has not caught up yet, or votes already;
 * `NOT_FOUND` when there is no such member
 * @throws {OutcomeUnknownError} when no answer came: look at {@linkcode memberList} before you repeat it
 *
 * @example Promote a learner once it has caught up
 * ```ts
 * import { KvorumError, memberAdd, memberPromote } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * const { id } = await memberAdd(client, ["http://10.0.0.4:2380"], { learner: true });
 *
 * try {
 *   await memberPromote(client, id);
 * } catch (error) {
 *   if (!(error instanceof KvorumError) || error.code !== "FAILED_PRECONDITION") throw error;
 *   console.log("not yet:", error.message); // it was never started
 * }
 * ```
 */
export function memberPromote(
  client: KvorumClient,
  id: bigint,
  options?: WaitOptions,
): Promise<readonly Member[]> {
  return client.call(MEMBER_PROMOTE, { id }, ({ members }) => members, options);
}
