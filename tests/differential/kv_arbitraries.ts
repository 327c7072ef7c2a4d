/** Requests of the KV service, good ones and those that are refused for what they mean. */
import fc from "fast-check";
import { base64, FROM_KEY, KEYS, SENTINEL_KEY } from "./keys.ts";
import { type Call, call, rawCall, revision } from "./sequence.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The arbitraries of some fields, of which any may be left out but those named. */
function message<K extends string>(
  fields: Readonly<Record<K, fc.Arbitrary<unknown>>>,
  required: readonly NoInfer<K>[],
): fc.Arbitrary<Fields> {
  return fc.record(fields, { requiredKeys: [...required] }) as fc.Arbitrary<Fields>;
}

export const key: fc.Arbitrary<string> = fc.constantFrom(...KEYS);

/** A range end: none, "from the key on", a prefix's end or any, also before the key. */
export const rangeEnd: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(FROM_KEY) },
  { weight: 1, arbitrary: fc.constant("") },
  { weight: 5, arbitrary: key },
);

/** Leases: none, some that may exist, one that never does. */
export const LEASES: readonly string[] = ["7", "8", "-9"];
const lease = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...LEASES) },
  { weight: 2, arbitrary: fc.constantFrom("0", "404") },
);

/** A revision: around the beginning of the sequence, or far away, but not negative. */
export const positiveRevision: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }).map(revision) },
  { weight: 3, arbitrary: fc.integer({ min: -1, max: 20 }).map(revision) },
  { weight: 1, arbitrary: fc.constantFrom("0", 1, revision(100_000), "9223372036854775807") },
);
const anyRevision: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 20, arbitrary: positiveRevision },
  { weight: 1, arbitrary: fc.constantFrom(-1, "-9223372036854775808") },
);

const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...["", "x", "y", "\0\xff", "longer"].map(base64)) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }).map((n) => base64("z".repeat(n))) },
);
const yes = fc.constant(true);
const flag = fc.boolean();
/** An empty key is refused; it is worth a try now and then. */
const keyOrNone = fc.oneof(
  { weight: 100, arbitrary: key },
  { weight: 1, arbitrary: fc.constant("") },
);

const putFields = fc.oneof(
  {
    weight: 10,
    arbitrary: message({ key: keyOrNone, value, prev_kv: flag }, ["key", "value"]),
  },
  {
    weight: 4,
    arbitrary: message({ key, value, lease, prev_kv: flag }, ["key", "value", "lease"]),
  },
  {
    weight: 1,
    arbitrary: message({ key, lease, prev_kv: flag, ignore_value: yes }, ["key", "ignore_value"]),
  },
  {
    weight: 1,
    arbitrary: message({ key, value, prev_kv: flag, ignore_lease: yes }, ["key", "ignore_lease"]),
  },
  {
    weight: 1,
    arbitrary: message({ key, value, lease, ignore_value: yes, ignore_lease: yes }, ["key"]),
  },
);

const limit = fc.constantFrom(1, 2, 3, "4", 100, 0, -1);

const rangeFields = message({
  key: keyOrNone,
  range_end: rangeEnd,
  limit,
  revision: anyRevision,
  sort_order: fc.constantFrom("NONE", "ASCEND", "DESCEND", 1, 2),
  sort_target: fc.constantFrom("KEY", "VERSION", "CREATE", "MOD", "VALUE", 3, 4),
  serializable: flag,
  keys_only: flag,
  count_only: flag,
  min_mod_revision: anyRevision,
  max_mod_revision: anyRevision,
  min_create_revision: anyRevision,
  max_create_revision: anyRevision,
}, ["key"]);

/** Ranges over several keys at the newest revision with few options, which answer most. */
const plainRange = message({
  key,
  range_end: fc.constant(FROM_KEY),
  limit,
  sort_order: fc.constantFrom("ASCEND", "DESCEND"),
  sort_target: fc.constantFrom("VERSION", "CREATE", "MOD", "VALUE"),
  keys_only: yes,
}, ["key", "range_end"]);

/** Ranges that are cut before anything is sorted or filtered. */
const limitedRange = message({
  key,
  range_end: fc.constant(FROM_KEY),
  limit,
  revision: anyRevision,
}, [
  "key",
  "range_end",
  "limit",
]);

const anyRange = fc.oneof(rangeFields, plainRange, limitedRange);

const deleteFields = message({ key: keyOrNone, range_end: rangeEnd, prev_kv: flag }, ["key"]);
/**
 * Deletes within transactions. Why not "from the key on": those are not seen to overlap with puts,
 * and a put that keeps the value of a key that is then gone makes etcd panic.
 */
const innerDelete = message(
  { key: keyOrNone, range_end: fc.oneof(fc.constant(""), key), prev_kv: flag },
  ["key"],
);

const result = fc.constantFrom("EQUAL", "GREATER", "LESS", "NOT_EQUAL", 3);
const number = fc.integer({ min: 0, max: 4 });
const compareHead = { result, key: keyOrNone, range_end: rangeEnd };
const compare = fc.oneof(
  message({ ...compareHead, target: fc.constant("VERSION"), version: number }, ["key", "target"]),
  message({ ...compareHead, target: fc.constant("CREATE"), create_revision: anyRevision }, [
    "key",
    "target",
  ]),
  message({ ...compareHead, target: fc.constantFrom("MOD", 2), mod_revision: anyRevision }, [
    "key",
    "target",
  ]),
  message({ ...compareHead, target: fc.constant("VALUE"), value }, ["key", "target"]),
  message({ ...compareHead, target: fc.constant("LEASE"), lease }, ["key", "target"]),
);

const { txn: txnFields } = fc.letrec<{ txn: Fields; op: Fields }>((tie) => ({
  op: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 5, arbitrary: putFields.map((request_put) => ({ request_put })) },
    { weight: 4, arbitrary: anyRange.map((request_range) => ({ request_range })) },
    {
      weight: 2,
      arbitrary: innerDelete.map((request_delete_range) => ({ request_delete_range })),
    },
    { weight: 2, arbitrary: tie("txn").map((request_txn) => ({ request_txn })) },
  ),
  txn: message({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie("op"), { maxLength: 4 }),
    failure: fc.array(tie("op"), { maxLength: 4 }),
  }, []),
}));

/** Transactions around the limit of 128 operations, by themselves and with a nested one. */
const longTxn = fc.tuple(fc.integer({ min: 126, max: 130 }), fc.constantFrom(0, 1, 3), key).map(
  ([length, nestedLength, first]): Fields => {
    const ops = (count: number) =>
      Array.from({ length: count }, () => ({ request_delete_range: { key: SENTINEL_KEY } }));
    const nested = nestedLength === 0
      ? []
      : [{ request_txn: { success: ops(nestedLength), failure: ops(1) } }];
    return {
      compare: [{ key: first, target: "VERSION", result: "NOT_EQUAL", version: 2 }],
      success: [...ops(length - nested.length), ...nested],
    };
  },
);

/** Operations that are none, and operands that are not given. */
const oddTxn = fc.constantFrom<Fields>(
  { success: [{}] },
  { failure: [{ request_txn: { success: [{}] } }] },
  { success: [{ request_put: null }] },
  { compare: [{ key: KEYS[0] }], success: [] },
  { compare: [{ key: KEYS[0], target: "VALUE" }], success: [] },
  { compare: [{}] },
);

const compaction = message({ revision: anyRevision, physical: flag }, ["revision"]);

/** Two of three numbers without quotes: the gateway takes both. */
const withBareNumbers = fc.tuple(fc.boolean(), fc.boolean());

function calls(path: string, fields: fc.Arbitrary<Fields>): fc.Arbitrary<Call> {
  return fc.tuple(fields, withBareNumbers).map(([request, [bare, camel]]) => {
    const { body } = call(path, request);
    const unquoted = bare ? body.replaceAll(/"(@-?\d+@)"/g, "$1") : body;
    return rawCall(path, camel ? inCamelCase(unquoted) : unquoted);
  });
}

/** Field names as they are in JavaScript, which the gateway takes as well. */
function inCamelCase(body: string): string {
  return body.replaceAll(
    /"([a-z]+(?:_[a-z]+)+)":/g,
    (_, name: string) => `"${name.replaceAll(/_([a-z])/g, (_, letter) => letter.toUpperCase())}":`,
  );
}

export const kvCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 10, arbitrary: calls("/v3/kv/put", putFields) },
  { weight: 8, arbitrary: calls("/v3/kv/range", anyRange) },
  { weight: 3, arbitrary: calls("/v3/kv/deleterange", deleteFields) },
  { weight: 6, arbitrary: calls("/v3/kv/txn", txnFields as fc.Arbitrary<Fields>) },
  { weight: 1, arbitrary: calls("/v3/kv/txn", fc.oneof(longTxn, oddTxn)) },
);

export const compactionCall: fc.Arbitrary<Call> = calls("/v3/kv/compaction", compaction);
