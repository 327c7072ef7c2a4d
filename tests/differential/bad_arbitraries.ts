/** Bad input: good requests with a piece broken, in the text or in a value's type. */
import fc from "fast-check";
import { kvCall } from "./kv_arbitraries.ts";
import { leaseCall } from "./lease_arbitraries.ts";
import { type Call, rawCall } from "./sequence.ts";

/** What may stand in the place of a value: wrong types, wrong numbers, wrong base64, wrong names. */
const WRONG_VALUES: readonly string[] = [
  ...["null", "true", "false", "0", "1", "-1", "1.0", "1.5", "1e2", "1E+2", "-0", "01", "+1"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e400"],
  ...['"9223372036854775808"', '"-1"', '" 1"', '"1 "', '"1.0"', '"1e2"', '"0x1"', '"1_0"', '""'],
  ...["[]", "{}", "[[]]", '[""]', '{"key":"YQ=="}', '"NONE"', '"none"', '"KEY"', "2147483648", "7"],
  ...[
    '"%"',
    '"Y"',
    '"YQ"',
    '"YQ="',
    '"YQ==="',
    '"Y Q=="',
    '"YQ\\n=="',
    '"_-8="',
    '"YR=="',
    '"true"',
  ],
  ...['"\\u0059Q=="', '"\\ud800"', '"é"', '"\\x"', "nul", "tru", "NaN", "'YQ=='", "", ","],
];

const VALUE = /(?<=:)(?:"[^"]*"|[^,{}[\]"]+)/g;
const NAME = /"([A-Za-z_]+)":/g;

/** Replaces the `index`-th match, counted around. */
function replaceNth(text: string, pattern: RegExp, index: number, by: (found: string) => string) {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { 0: found, index: at } = matches[index % matches.length];
  return text.slice(0, at) + by(found) + text.slice(at + found.length);
}

const index = fc.nat({ max: 60 });

/** A change of a request's text. */
const damage: fc.Arbitrary<(text: string) => string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(index, fc.constantFrom(...WRONG_VALUES)).map(
      ([n, wrong]) => (text: string) => replaceNth(text, VALUE, n, () => wrong),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(index, fc.constantFrom("unknown", "KEY", "Key", "range_End", "")).map(
      ([n, name]) => (text: string) => replaceNth(text, NAME, n, () => `"${name}":`),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(index, fc.constantFrom(...WRONG_VALUES)).map(
      ([n, wrong]) => (text: string) =>
        replaceNth(text, NAME, n, (found) => `"unknown":${wrong},${found}`),
    ),
  },
  {
    weight: 2,
    arbitrary: index.map((n) => (text: string) => text.slice(0, n % (text.length + 1))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(index, fc.constantFrom(...'{}[],:"\\x0\n\t\u0001')).map(
      ([n, character]) => (text: string) => {
        const at = n % (text.length + 1);
        return text.slice(0, at) + character + text.slice(at);
      },
    ),
  },
  {
    weight: 1,
    arbitrary: index.map((n) => (text: string) => {
      const at = n % (text.length + 1);
      return text.slice(0, at) + text.slice(at + 1);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(" trailing", "{}", "[]", ",", "\n{}").map((end) => (text: string) =>
      text + end
    ),
  },
);

/** A sort option that does not exist, of which etcd 3.4 dies. */
const UNKNOWN_SORT = /"sort_?(order|target)":(?!\s*[0-4]\s*[,}])\s*"?\s*[-+\d]/i;

const damaged = fc.tuple(fc.oneof(kvCall, leaseCall), damage).map(([good, damage]): Call => ({
  ...good,
  body: damage(good.body),
})).filter(({ body }) => !UNKNOWN_SORT.test(body));

const wholeBody = fc.tuple(
  fc.constantFrom("kv/range", "kv/put", "kv/deleterange", "kv/txn", "lease/grant", "lease/revoke"),
  fc.constantFrom(...[
    "",
    " ",
    "null",
    "[]",
    "{}",
    '""',
    "0",
    "true",
    "}",
    "nope",
    "\ufeff{}",
    "[{}]",
  ]),
).map(([path, body]) => rawCall(`/v3/${path}`, body));

const wrongPlace = fc.tuple(
  fc.constantFrom("/v3/kv/range", "/v3/kv/none", "/v3beta/kv/range", "/v3alpha/kv/range", "/v3/kv"),
  fc.constantFrom<Call["method"]>("POST", "GET", "PUT", "DELETE"),
).map(([path, method]) => rawCall(path, method === "GET" ? "" : '{"key":"YQ=="}', method));

const badWatch = fc.constantFrom(
  ...['{"create_request":', '{"create_request":{"key":5}}', "[]", "nope", '{"create_request":[]}'],
  ...['{"create_request":{"key":"YQ==","start_revision":"x"}}', '{"cancel_request":7}'],
).map((body) => rawCall("/v3/watch", body));

export const badCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 12, arbitrary: damaged },
  { weight: 1, arbitrary: wholeBody },
  { weight: 1, arbitrary: wrongPlace },
  { weight: 1, arbitrary: badWatch },
);
