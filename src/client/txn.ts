import type { Compare as WireCompare } from "../proto/compare.ts";
import { CompareResult, CompareTarget } from "../proto/compare.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { RequestOp, ResponseOp, TxnRequest, TxnResponse } from "../proto/txn.ts";
import { type Data, toBytes } from "./data.ts";
import { KvorumError } from "./errors.ts";
import type { KeyRange } from "./key_range.ts";
import type { KeyValue } from "./key_value.ts";
import {
  type DeleteOptions,
  deleteRequest,
  type GetOptions,
  getRequest,
  type PutOptions,
  putRequest,
  type RangeOptions,
  rangeRequest,
} from "./operation.ts";
import {
  type DeleteResult,
  type PutResult,
  type RangeResult,
  toDeleteResult,
  toOnlyKeyValue,
  toPutResult,
  toRangeResult,
} from "./results.ts";

/** How two things may relate. */
export type Relation = "==" | "!=" | "<" | ">";

/** A condition of a transaction. Made by {@linkcode compare}. */
export interface Comparison {
  /**
   * What is sent.
   * @internal
   */
  readonly wire: WireCompare;
}

function resultOf(relation: Relation): number {
  switch (relation) {
    case "==":
      return CompareResult.EQUAL;
    case "!=":
      return CompareResult.NOT_EQUAL;
    case "<":
      return CompareResult.LESS;
    case ">":
      return CompareResult.GREATER;
  }
}

function comparison(
  key: Data,
  relation: Relation,
  target: number,
  operand: Partial<WireCompare>,
): Comparison {
  const result = resultOf(relation);
  return { wire: { result, target, key: toBytes(key), rangeEnd: EMPTY_BYTES, ...operand } };
}

/** The conditions that a transaction may have. */
export interface Comparisons {
  /** The key is there. */
  exists(key: Data): Comparison;
  /** The key is not there. */
  missing(key: Data): Comparison;
  /** Compares the key's value. A key that is not there fulfils none. */
  value(key: Data, relation: Relation, value: Data): Comparison;
  /** Compares how often the key was changed; zero stands for a key that is not there. */
  version(key: Data, relation: Relation, version: number): Comparison;
  /** Compares the revision that created the key; zero stands for a key that is not there. */
  createRevision(key: Data, relation: Relation, revision: number): Comparison;
  /** Compares the revision that changed the key last; zero stands for a key that is not there. */
  modRevision(key: Data, relation: Relation, revision: number): Comparison;
  /** Compares the key's lease; zero stands for none. */
  lease(key: Data, relation: Relation, lease: bigint): Comparison;
}

/**
 * Makes the conditions of a transaction.
 *
 * @example Only if nobody has changed it since
 * ```ts
 * import { compare, op } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * const { revision } = await client.put("config", "a");
 *
 * const change = client.txn().when(compare.modRevision("config", "==", revision))
 *   .do(op.put("config", "b"));
 * console.log((await change.commit()).succeeded); // true
 * console.log((await change.commit()).succeeded); // false: now it has changed
 * ```
 */
export const compare: Comparisons = {
  exists: (key) => compare.version(key, ">", 0),
  missing: (key) => compare.version(key, "==", 0),
  value: (key, relation, value) =>
    comparison(key, relation, CompareTarget.VALUE, { value: toBytes(value) }),
  version: (key, relation, version) =>
    comparison(key, relation, CompareTarget.VERSION, { version }),
  createRevision: (key, relation, createRevision) =>
    comparison(key, relation, CompareTarget.CREATE, { createRevision }),
  modRevision: (key, relation, modRevision) =>
    comparison(key, relation, CompareTarget.MOD, { modRevision }),
  lease: (key, relation, lease) => comparison(key, relation, CompareTarget.LEASE, { lease }),
};

/** An operation of a transaction whose answer is an `R`. Made by {@linkcode op}. */
export interface Operation<R> {
  /**
   * What is sent.
   * @internal
   */
  readonly wire: RequestOp;
  /**
   * Translates what comes back.
   * @internal
   */
  readonly toResult: (response: ResponseOp) => R;
}

/** The operations that a transaction may have. */
export interface Operations {
  /** Sets a key. */
  put(key: Data, value: Data, options?: PutOptions): Operation<PutResult>;
  /** Reads a key. */
  get(key: Data, options?: GetOptions): Operation<KeyValue | null>;
  /** Reads keys. */
  range(range: KeyRange, options?: RangeOptions): Operation<RangeResult>;
  /** Deletes keys. */
  delete(range: KeyRange, options?: DeleteOptions): Operation<DeleteResult>;
}

/**
 * Makes the operations of a transaction.
 *
 * @example Several at once
 * ```ts
 * import { op } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 *
 * const { succeeded, results } = await cluster.client.txn()
 *   .do(op.put("a", "1"), op.get("b"), op.delete({ prefix: "old/" }))
 *   .commit();
 * // Without a condition it succeeds. Each result has its type:
 * if (succeeded) console.log(results[0].revision, results[1]?.text(), results[2].deleted);
 * ```
 */
export const op: Operations = {
  put: (key, value, options) => ({
    wire: { requestPut: putRequest(key, value, options) },
    toResult: ({ responsePut }) => toPutResult(present(responsePut)),
  }),
  get: (key, options) => ({
    wire: { requestRange: getRequest(key, options) },
    toResult: ({ responseRange }) => toOnlyKeyValue(present(responseRange)),
  }),
  range: (range, options) => ({
    wire: { requestRange: rangeRequest(range, options) },
    toResult: ({ responseRange }) => toRangeResult(present(responseRange)),
  }),
  delete: (range, options) => ({
    wire: { requestDeleteRange: deleteRequest(range, options) },
    toResult: ({ responseDeleteRange }) => toDeleteResult(present(responseDeleteRange)),
  }),
};

function present<T>(response: T | undefined): T {
  if (response !== undefined) return response;
  throw new KvorumError(
    "INTERNAL",
    "the answer to the transaction has not the form of the request",
  );
}

/** The answers of a list of operations, each with its type. */
export type ResultsOf<T extends readonly Operation<unknown>[]> = {
  readonly [K in keyof T]: T[K] extends Operation<infer R> ? R : never;
};

/** What a transaction did: which branch was taken, and its answers. */
export type TxnResult<
  S extends readonly Operation<unknown>[],
  F extends readonly Operation<unknown>[],
> =
  | { readonly succeeded: true; readonly revision: number; readonly results: ResultsOf<S> }
  | { readonly succeeded: false; readonly revision: number; readonly results: ResultsOf<F> };

/** Sends a transaction; how, is the client's matter. */
export type CommitTxn<O> = <R>(
  request: TxnRequest,
  toResult: (response: TxnResponse) => R,
  options: O | undefined,
) => Promise<R>;

/**
 * A transaction in the making. If all conditions hold then all of one list of operations happen, else
 * all of the other, and nothing in between is ever seen. It is made anew by each call, so that what
 * was begun can be used twice.
 *
 * @example Change a value only if nobody else did meanwhile
 * ```ts
 * import { compare, op } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * await client.put("counter", "1");
 *
 * const counter = await client.get("counter");
 * const outcome = await client.txn()
 *   .when(compare.modRevision("counter", "==", counter!.modRevision))
 *   .do(op.put("counter", String(Number(counter!.text()) + 1)))
 *   .otherwise(op.get("counter"))
 *   .commit();
 * if (!outcome.succeeded) throw new Error(`It is ${outcome.results[0]?.text()} by now`);
 * ```
 */
export class Txn<
  O,
  S extends readonly Operation<unknown>[] = readonly [],
  F extends readonly Operation<unknown>[] = readonly [],
> {
  readonly #commit: CommitTxn<O>;
  readonly #comparisons: readonly Comparison[];
  readonly #success: S;
  readonly #failure: F;

  /**
   * Programs call `client.txn()` instead.
   * @internal
   */
  constructor(commit: CommitTxn<O>, comparisons: readonly Comparison[], success: S, failure: F) {
    this.#commit = commit;
    this.#comparisons = comparisons;
    this.#success = success;
    this.#failure = failure;
  }

  /** Adds conditions, which must all hold. */
  when(...comparisons: readonly Comparison[]): Txn<O, S, F> {
    const all = [...this.#comparisons, ...comparisons];
    return new Txn(this.#commit, all, this.#success, this.#failure);
  }

  /** What happens if all conditions hold. */
  do<T extends readonly Operation<unknown>[]>(...operations: T): Txn<O, T, F> {
    return new Txn(this.#commit, this.#comparisons, operations, this.#failure);
  }

  /** What happens if one of the conditions does not hold. */
  otherwise<T extends readonly Operation<unknown>[]>(...operations: T): Txn<O, S, T> {
    return new Txn(this.#commit, this.#comparisons, this.#success, operations);
  }

  /**
   * Runs the transaction.
   * @throws {KvorumError} when it could not be run
   */
  commit(options?: O): Promise<TxnResult<S, F>> {
    const request: TxnRequest = {
      compare: this.#comparisons.map(({ wire }) => wire),
      success: this.#success.map(({ wire }) => wire),
      failure: this.#failure.map(({ wire }) => wire),
    };
    return this.#commit(request, (response) => this.#toResult(response), options);
  }

  #toResult({ header, succeeded, responses }: TxnResponse): TxnResult<S, F> {
    const operations: readonly Operation<unknown>[] = succeeded ? this.#success : this.#failure;
    const results = operations.map(({ toResult }, i) => toResult(present(responses[i])));
    // The types follow from the two lists, which the compiler cannot see through `map`.
    return { succeeded, revision: header?.revision ?? 0, results } as unknown as TxnResult<S, F>;
  }
}
