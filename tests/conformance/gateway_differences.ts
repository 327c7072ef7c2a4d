/** Where Kvorum does not answer as Debian's etcd 3.4 does, on purpose, and why. */
import type { Case } from "./gateway_cases.ts";

/** One request that the two answer differently. */
export interface Difference extends Case {
  readonly why: string;
  readonly ours: number;
  /** etcd's status; null where it closes the connection because its handler panics. */
  readonly theirs: number | null;
}

const NEWER_JSON = "etcd's gateway parses JSON with protojson since 3.6";
const NEWER_CHECK = "etcd refuses sort options that do not exist since 3.5";

const NEWER_STATUS = "gRPC's FailedPrecondition is HTTP's 400 in the gateway since 3.6";

/** Methods about users and roles that there are not. */
const NOBODY_THERE: readonly string[] = [
  "enable",
  "authenticate",
  "user/get",
  "user/delete",
  "user/changepw",
  "user/grant",
  "user/revoke",
  "role/get",
  "role/delete",
  "role/grant",
  "role/revoke",
];

const post = (path: string, body: string) => ({ path: `/v3/${path}`, body });

export const DIFFERENCES: readonly Difference[] = [
  { ...post("kv/range", '{"key":"YQ"}'), ours: 200, theirs: 400, why: NEWER_JSON },
  { ...post("kv/range", '{"key":"_-8="}'), ours: 200, theirs: 400, why: NEWER_JSON },
  { ...post("kv/range", '{"key":"YQ==","limit":1e2}'), ours: 200, theirs: 400, why: NEWER_JSON },
  {
    ...post("kv/range", '{"key":"YQ==","sort_order":"SIDEWAYS"}'),
    ours: 200,
    theirs: 400,
    why: NEWER_JSON,
  },
  {
    ...post("kv/range", '{"key":"YQ==","range_end":"","rangeEnd":""}'),
    ours: 400,
    theirs: 200,
    why: NEWER_JSON,
  },
  {
    ...post(
      "kv/txn",
      '{"success":[{"request_range":{"key":"YQ=="},"request_put":{"key":"YQ=="}}]}',
    ),
    ours: 400,
    theirs: 200,
    why: NEWER_JSON,
  },
  { ...post("kv/txn", '{"success":[null]}'), ours: 400, theirs: null, why: NEWER_JSON },
  { ...post("kv/put", '{"key":[97]}'), ours: 400, theirs: 200, why: NEWER_JSON },
  {
    ...post("kv/range", '{"key":"YQ==","sort_order":9}'),
    ours: 400,
    theirs: 200,
    why: NEWER_CHECK,
  },
  {
    ...post("lease/grant", '{"TTL":100,"ID":1000}'),
    ours: 200,
    theirs: 200,
    why: "it is the ground for the next one",
  },
  {
    ...post("lease/grant", '{"TTL":100,"ID":1000}'),
    ours: 400,
    theirs: 412,
    why: NEWER_STATUS,
  },
  { ...post("auth/status", "{}"), ours: 200, theirs: 404, why: "etcd has this method since 3.5" },
  ...NOBODY_THERE.map((path) => ({
    ...post(`auth/${path}`, "{}"),
    ours: 400,
    theirs: 412,
    why: NEWER_STATUS,
  })),
];
