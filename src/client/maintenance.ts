/** How replicas are, and what keeps them well. */
import { AlarmAction, AlarmType, type StatusResponse } from "../proto/maintenance.ts";
import type { KvorumClient, WaitOptions } from "./client.ts";
import { KvorumError } from "./errors.ts";
import {
  ALARM,
  DEFRAGMENT,
  HASH_KV,
  MOVE_LEADER,
  SNAPSHOT,
  STATUS,
} from "./maintenance_methods.ts";

/** What a replica knows of itself. */
export interface Status {
  /** The identity of the cluster. */
  readonly clusterId: bigint;
  /** The replica's identity. */
  readonly memberId: bigint;
  /** The version of etcd that it is compatible with. */
  readonly version: string;
  /** Who leads; zero if nobody that it knows of. */
  readonly leader: bigint;
  /** Whether the replica itself leads. */
  readonly isLeader: boolean;
  /** Whether the replica only learns, and does not vote. */
  readonly isLearner: boolean;
  /** The revision of its store. */
  readonly revision: number;
  /** Counts the elections. */
  readonly raftTerm: number;
  /** The last entry of the log that is committed. */
  readonly raftIndex: number;
  /** The last entry of the log that is applied. */
  readonly raftAppliedIndex: number;
  /** What its keys and their history take. */
  readonly dbBytes: number;
  /** What of that is in use; the rest is free. */
  readonly dbBytesInUse: number;
  /** What they may take; zero if there is no limit. */
  readonly quotaBytes: number;
  /** What is wrong with it. */
  readonly errors: readonly string[];
}

/**
 * How one replica is: the one that the client is connected to. It is asked of that one alone, so it
 * works without a leader, too.
 *
 * @example Ask each replica of a cluster
 * ```ts
 * import { status } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start();
 *
 * for (let index = 0; index < cluster.size; index++) {
 *   const { isLeader, revision, dbBytes } = await status(cluster.connect({}, index));
 *   console.log(isLeader ? "leader" : "follower", revision, dbBytes);
 * }
 * ```
 */
export function status(client: KvorumClient, options?: WaitOptions): Promise<Status> {
  return client.call(STATUS, {}, toStatus, options);
}

function toStatus(response: StatusResponse): Status {
  const { header, version, leader, isLearner, raftIndex, raftTerm, raftAppliedIndex, errors } =
    response;
  const memberId = header?.memberId ?? 0n;
  return {
    clusterId: header?.clusterId ?? 0n,
    memberId,
    version,
    leader,
    isLeader: leader !== 0n && leader === memberId,
    isLearner,
    revision: header?.revision ?? 0,
    raftTerm,
    raftIndex,
    raftAppliedIndex,
    dbBytes: response.dbSize,
    dbBytesInUse: response.dbSizeInUse,
    quotaBytes: response.dbSizeQuota,
    errors,
  };
}

/** What is wrong with one replica. */
export interface Alarm {
  /** The replica's identity. */
  readonly memberId: bigint;
  /** Too little space for writes, or data that differs from the other replicas'. */
  readonly type: "NOSPACE" | "CORRUPT";
}

/**
 * The alarms of all replicas.
 *
 * @example Whether anything is wrong
 * ```ts
 * import { alarms } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * for (const { type, memberId } of await alarms(cluster.client)) {
 *   throw new Error(`${type} at ${memberId.toString(16)}`);
 * }
 * ```
 */
export function alarms(client: KvorumClient, options?: WaitOptions): Promise<readonly Alarm[]> {
  return callAlarm(client, AlarmAction.GET, null, options);
}

/**
 * Ends alarms whose cause was removed.
 * @param alarm Which one. @default {all}
 * @returns those that were ended
 *
 * @example After a full replica was given room
 * ```ts
 * import { alarms, defragment, disarm } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 *
 * const { revision } = await client.put("a", "1");
 * await client.compact(revision);
 * await defragment(client);
 * for (const { type } of await disarm(client)) console.log("ended", type);
 * if ((await alarms(client)).length > 0) throw new Error("Still wrong");
 * ```
 */
export async function disarm(
  client: KvorumClient,
  alarm?: Alarm,
  options?: WaitOptions,
): Promise<readonly Alarm[]> {
  const ended: Alarm[] = [];
  for (const each of alarm === undefined ? await alarms(client, options) : [alarm]) {
    ended.push(...await callAlarm(client, AlarmAction.DEACTIVATE, each, options));
  }
  return ended;
}

function callAlarm(
  client: KvorumClient,
  action: number,
  alarm: Alarm | null,
  options: WaitOptions | undefined,
): Promise<readonly Alarm[]> {
  const memberId = alarm?.memberId ?? 0n;
  const type = alarm === null ? AlarmType.NONE : AlarmType[alarm.type];
  return client.call(
    ALARM,
    { action, memberId, alarm: type },
    ({ alarms }) =>
      alarms.map(({ memberId, alarm }) => {
        return { memberId, type: alarm === AlarmType.NOSPACE ? "NOSPACE" : "CORRUPT" };
      }),
    options,
  );
}

/**
 * Waits until the replica that the client is connected to has given back what compaction freed.
 *
 * @example Forget history, and give back its space
 * ```ts
 * import { defragment, status } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * for (let i = 0; i < 10; i++) await client.put("a", "x".repeat(1_000));
 * const before = await status(client);
 *
 * await client.compact(before.revision, { physical: true });
 * await defragment(client);
 * const after = await status(client);
 * if (after.dbBytesInUse >= before.dbBytesInUse) throw new Error("Nothing was freed");
 * ```
 */
export function defragment(client: KvorumClient, options?: WaitOptions): Promise<void> {
  return client.call(DEFRAGMENT, {}, () => {}, options);
}

/** A checksum of keys and their history. */
export interface HashKv {
  /** The checksum. Replicas that have the same have the same at the same revision. */
  readonly hash: number;
  /** The revision up to which it was taken. */
  readonly hashRevision: number;
  /** The last revision that was compacted, which the checksum depends on; -1 if none was. */
  readonly compactRevision: number;
}

/**
 * A checksum of what the replica has that the client is connected to.
 * @param revision Up to where. @default {all}
 * @throws {KvorumError} `OUT_OF_RANGE` when the replica does not have the revision, or not any more
 *
 * @example Whether two replicas hold the same
 * ```ts
 * import { hashKv } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start();
 * const { revision } = await cluster.client.put("a", "1");
 *
 * const hashes = [];
 * for (const index of [0, 1]) {
 *   const one = cluster.connect({}, index);
 *   await one.get("a"); // waits until this replica has the revision, too
 *   hashes.push((await hashKv(one, revision)).hash);
 * }
 * if (hashes[0] !== hashes[1]) throw new Error("The replicas differ");
 * ```
 */
export function hashKv(
  client: KvorumClient,
  revision = 0,
  options?: WaitOptions,
): Promise<HashKv> {
  return client.call(
    HASH_KV,
    { revision },
    ({ hash, hashRevision, compactRevision }) => ({ hash, hashRevision, compactRevision }),
    options,
  );
}

/**
 * Hands leadership to another voter. Only the leader can: connect to it, or with `prefer: "leader"`.
 * @throws {KvorumError} `FAILED_PRECONDITION` when the replica does not lead, or cannot hand over
 *
 * @example Before the leader's machine is serviced
 * ```ts
 * import { KvorumError, memberList, moveLeader, status } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start();
 * await using client = cluster.connect({ prefer: "leader" });
 *
 * const { leader } = await status(client);
 * const successor = (await memberList(client)).find(({ id }) => id !== leader)!;
 * try {
 *   await moveLeader(client, successor.id);
 *   console.log(successor.name, "leads");
 * } catch (error) {
 *   if (!(error instanceof KvorumError)) throw error;
 *   console.log("look who leads now, and ask again:", error.message);
 * }
 * ```
 */
export function moveLeader(
  client: KvorumClient,
  to: bigint,
  options?: WaitOptions,
): Promise<void> {
  return client.call(MOVE_LEADER, { targetId: to }, () => {}, options);
}

/**
 * Everything that is stored, as a file that a new cluster can begin with. The last 32 bytes are the
 * SHA-256 of all before them. The stream fails when the connection breaks: begin anew.
 *
 * @param options How long to wait for the beginning, and what ends it all.
 *
 * @example Save a copy, and see that it is whole
 * ```ts
 * import { snapshot } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await cluster.client.put("greeting", "hello");
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeFile(path, snapshot(cluster.client)); // kvorum snapshot restore reads it
 *
 * const file = await Deno.readFile(path);
 * const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", file.subarray(0, -32)));
 * if (sum.toHex() !== file.subarray(-32).toHex()) throw new Error("The copy is damaged");
 * await Deno.remove(path);
 * ```
 */
export function snapshot(
  client: KvorumClient,
  options: WaitOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { signal, deadlineMs = client.deadlineMs } = options;
  const stream = client.transport.open(SNAPSHOT, {});
  let failure: unknown = null;
  const end = (error: unknown) => {
    failure ??= error;
    stream.cancel();
  };
  const onAbort = () => end(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  const timer = client.clock.after(
    Math.min(deadlineMs, 2 ** 31 - 1),
    () => end(new KvorumError("DEADLINE_EXCEEDED", "no snapshot by the deadline")),
  );
  const forget = () => {
    timer.stop();
    signal?.removeEventListener("abort", onAbort);
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const piece = await stream.next().catch((error) => {
        forget();
        throw error;
      });
      timer.stop();
      if (piece !== null) return controller.enqueue(new Uint8Array(piece.blob));
      forget();
      if (failure !== null) throw failure;
      controller.close();
    },
    cancel() {
      forget();
      stream.cancel();
    },
  }, { highWaterMark: 0 });
}
