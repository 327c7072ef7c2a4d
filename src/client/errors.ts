/** What can go wrong, as a program sees it. */

/** The kinds of failure, by gRPC's names. They do not change between versions. */
export type ErrorCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** The codes by gRPC's numbers, from 1. */
const CODES: readonly ErrorCode[] = [
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** More about a {@linkcode KvorumError}. */
export interface KvorumErrorOptions extends ErrorOptions {
  /** Whether the same call may succeed later; see {@linkcode KvorumError.retryable}. */
  readonly retryable?: boolean;
}

/**
 * A call that failed. Programs look at {@linkcode KvorumError.code}; the message is for people.
 *
 * @example Look at the code
 * ```ts
 * import { KvorumError } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * try {
 *   await cluster.client.leases.revoke(7n);
 * } catch (error) {
 *   if (!(error instanceof KvorumError) || error.code !== "NOT_FOUND") throw error;
 *   console.log(error.message, error.retryable); // no such lease, now or later: false
 * }
 * ```
 */
export class KvorumError extends Error {
  /** The class, as for every error. */
  override name = "KvorumError";
  /** What kind of failure it is. */
  readonly code: ErrorCode;
  /**
   * Whether nothing has happened and the same call may succeed later. The client has tried again by
   * itself for as long as the call's deadline allowed.
   */
  readonly retryable: boolean;

  /** Makes an error of a kind. */
  constructor(code: ErrorCode, message: string, options: KvorumErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/**
 * A write that was sent and never answered: it may have been applied once, or not at all. Read before
 * you write again.
 *
 * @example Read before you write again
 * ```ts
 * import { type KvorumClient, OutcomeUnknownError } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * async function isStored(client: KvorumClient, key: string, value: string): Promise<boolean> {
 *   try {
 *     await client.put(key, value);
 *     return true;
 *   } catch (error) {
 *     if (!(error instanceof OutcomeUnknownError)) throw error;
 *     return (await client.get(key))?.text() === value;
 *   }
 * }
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * if (!await isStored(cluster.client, "orders/7", "paid")) throw new Error("Not stored");
 * ```
 */
export class OutcomeUnknownError extends KvorumError {
  /** The class, as for every error. */
  override name = "OutcomeUnknownError";
}

/**
 * A watch or a read of a revision whose history is gone.
 *
 * @example Begin again with what is left
 * ```ts
 * import { CompactedError } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * const { revision } = await client.put("a", "1");
 * await client.put("a", "2");
 * await client.compact(revision + 1);
 *
 * let startRevision = revision;
 * try {
 *   for await (const _batch of client.watch("a", { startRevision })) break;
 * } catch (error) {
 *   if (!(error instanceof CompactedError)) throw error;
 *   startRevision = error.compactRevision;
 * }
 * if (startRevision !== revision + 1) throw new Error(`from ${startRevision}`);
 * ```
 */
export class CompactedError extends KvorumError {
  /** The class, as for every error. */
  override name = "CompactedError";
  /** The first revision that can still be had, or zero if the server did not say. */
  readonly compactRevision: number;

  /** Makes the error for a compaction. */
  constructor(compactRevision: number) {
    super("OUT_OF_RANGE", "etcdserver: mvcc: required revision has been compacted");
    this.compactRevision = compactRevision;
  }
}

// Texts that are part of etcd's protocol, or of ours. Ref: etcd api/v3rpc/rpctypes/error.go.
const COMPACTED = "etcdserver: mvcc: required revision has been compacted";
const BUSY = "etcdserver: too many requests";
const FORGOTTEN = "kvorum: request identity expired";

/** The error for a refusal that a server sent. */
export function refusal(status: number, message: string): KvorumError {
  if (message === COMPACTED) return new CompactedError(0);
  const code = CODES[status - 1] ?? "UNKNOWN";
  return new KvorumError(code, message, { retryable: code === "UNAVAILABLE" || message === BUSY });
}

/** Whether a server has too much to do: it works, and nothing has happened. */
export function isBusy(error: KvorumError): boolean {
  return error.message === BUSY;
}

/** Whether a repetition of a write was too late, or its answer too large to be kept. */
export function isForgotten(error: KvorumError): boolean {
  return error.message === FORGOTTEN;
}

/** What the caller of a write is told when `error` leaves open whether it was applied. */
export function outcomeUnknown(error: KvorumError): OutcomeUnknownError {
  const message = `the write may have been applied: ${error.message}`;
  return new OutcomeUnknownError(error.code, message, { cause: error });
}
