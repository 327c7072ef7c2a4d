import fc from "fast-check";
import type * as etcd from "../../src/mvcc/requests.ts";
import type { WatchCreateRequest } from "../../src/mvcc/watcher.ts";
import { bytesOf } from "../model/kv_model.ts";

/** Few keys, so that histories meet; with shared prefixes and the ends of the alphabet. */
const KEYS = ["a", "aa", "aab", "ab", "a\0", "b", "ba", "c", "\0", "\xff", "\xff\xff"];

export const key: fc.Arbitrary<Uint8Array> = fc.constantFrom(...KEYS.map(bytesOf));

export const rangeEnd: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: fc.constant(new Uint8Array(0)), weight: 2 },
  { arbitrary: fc.constant(new Uint8Array(1)), weight: 1 },
  { arbitrary: key, weight: 3 },
);

const value: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom("", "x", "y", "longer than the others").map(bytesOf),
  fc.integer({ min: 0, max: 300 }).map((length) => new Uint8Array(length).fill(0x7a)),
);

export const LEASES: readonly bigint[] = [0n, 7n, 8n];
const lease: fc.Arbitrary<bigint> = fc.constantFrom(0n, 0n, ...LEASES, 9n);
const seldom: fc.Arbitrary<boolean> = fc.constantFrom(false, false, false, true);

/**
 * Revisions are drawn as distances back from the newest one, 0 for "not given", and put in their
 * places by {@linkcode placed} when the action happens, so that they mostly name something.
 */
const back: fc.Arbitrary<number> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 12, max: 60 }) },
);

function placedRevision(back: number, newest: number): number {
  return back === 0 ? 0 : newest + 2 - back;
}

export const put: fc.Arbitrary<etcd.PutRequest> = fc.record({
  key,
  value,
  lease,
  prevKv: fc.boolean(),
  ignoreValue: seldom,
  ignoreLease: seldom,
}).map((request) => ({
  ...request,
  value: request.ignoreValue ? new Uint8Array(0) : request.value,
  lease: request.ignoreLease ? 0n : request.lease,
}));

export const deleteRange: fc.Arbitrary<etcd.DeleteRangeRequest> = fc.record({
  key,
  rangeEnd,
  prevKv: fc.boolean(),
});

const filterRevision = fc.oneof(
  { weight: 15, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: back },
);

export const range: fc.Arbitrary<etcd.RangeRequest> = fc.record({
  key,
  rangeEnd,
  limit: fc.constantFrom(0, 0, 1, 2, 3, 100),
  revision: fc.oneof(fc.constant(0), back),
  sortOrder: fc.constantFrom(0, 0, 1, 2),
  sortTarget: fc.constantFrom(0, 0, 1, 2, 3, 4),
  keysOnly: seldom,
  countOnly: seldom,
  minModRevision: filterRevision,
  maxModRevision: filterRevision,
  minCreateRevision: filterRevision,
  maxCreateRevision: filterRevision,
});

const compare: fc.Arbitrary<etcd.Compare> = fc.tuple(
  fc.record({
    result: fc.integer({ min: 0, max: 3 }),
    target: fc.integer({ min: 0, max: 4 }),
    key,
    rangeEnd,
  }),
  fc.constantFrom(true, true, true, false),
  back,
  value,
  lease,
).map(([head, given, revision, value, lease]): etcd.Compare => {
  if (!given) return head;
  const operands = [
    { version: revision },
    { createRevision: revision },
    { modRevision: revision },
    { value },
    { lease },
  ];
  return { ...head, ...operands[head.target] };
});

export const txn: fc.Arbitrary<etcd.TxnRequest> = fc.letrec<
  { txn: etcd.TxnRequest; op: etcd.RequestOp }
>((tie) => ({
  op: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    put.map((requestPut) => ({ requestPut })),
    deleteRange.map((requestDeleteRange) => ({ requestDeleteRange })),
    range.map((requestRange) => ({ requestRange })),
    tie("txn").map((requestTxn) => ({ requestTxn })),
  ),
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie("op"), { maxLength: 4 }),
    failure: fc.array(tie("op"), { maxLength: 4 }),
  }),
})).txn;

export const watch: fc.Arbitrary<WatchCreateRequest> = fc.record({
  key,
  rangeEnd,
  startRevision: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
  progressNotify: fc.boolean(),
  filters: fc.constantFrom([], [], [], [0], [1]),
  prevKv: fc.boolean(),
  watchId: fc.constant(0),
  fragment: fc.constant(false),
});

/** One thing that happens to a store. */
export type Action =
  | { do: "put"; request: etcd.PutRequest }
  | { do: "delete"; request: etcd.DeleteRangeRequest }
  | { do: "txn"; request: etcd.TxnRequest }
  | { do: "range"; request: etcd.RangeRequest }
  | { do: "compact"; revision: number }
  | { do: "step"; budgetBytes: number }
  | { do: "restore" }
  | { do: "hash"; revision: number };

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: put.map((request): Action => ({ do: "put", request })) },
  { weight: 3, arbitrary: deleteRange.map((request): Action => ({ do: "delete", request })) },
  { weight: 3, arbitrary: txn.map((request): Action => ({ do: "txn", request })) },
  { weight: 6, arbitrary: range.map((request): Action => ({ do: "range", request })) },
  { weight: 2, arbitrary: back.map((revision): Action => ({ do: "compact", revision })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, 1000, 1e6).map((budgetBytes): Action => ({
      do: "step",
      budgetBytes,
    })),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ do: "restore" }) },
  { weight: 1, arbitrary: back.map((revision): Action => ({ do: "hash", revision })) },
);

/** An action with its revisions where the store's newest revision puts them. */
export function placed(action: Action, newest: number): Action {
  switch (action.do) {
    case "range":
      return { ...action, request: placedRange(action.request, newest) };
    case "txn":
      return { ...action, request: placedTxn(action.request, newest) };
    case "compact":
    case "hash":
      return { ...action, revision: placedRevision(action.revision, newest) };
    default:
      return action;
  }
}

function placedRange(request: etcd.RangeRequest, newest: number): etcd.RangeRequest {
  const place = (back: number) => placedRevision(back, newest);
  return {
    ...request,
    revision: place(request.revision),
    minModRevision: place(request.minModRevision),
    maxModRevision: place(request.maxModRevision),
    minCreateRevision: place(request.minCreateRevision),
    maxCreateRevision: place(request.maxCreateRevision),
  };
}

function placedTxn(request: etcd.TxnRequest, newest: number): etcd.TxnRequest {
  const placedOp = (op: etcd.RequestOp): etcd.RequestOp => {
    if (op.requestRange !== undefined) {
      return { requestRange: placedRange(op.requestRange, newest) };
    }
    if (op.requestTxn !== undefined) return { requestTxn: placedTxn(op.requestTxn, newest) };
    return op;
  };
  const compare = request.compare.map((compare): etcd.Compare => {
    const { createRevision, modRevision } = compare;
    return {
      ...compare,
      ...(createRevision === undefined
        ? {}
        : { createRevision: placedRevision(createRevision, newest) }),
      ...(modRevision === undefined ? {} : { modRevision: placedRevision(modRevision, newest) }),
    };
  });
  return {
    compare,
    success: request.success.map(placedOp),
    failure: request.failure.map(placedOp),
  };
}
