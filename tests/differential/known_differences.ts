/**
 * Where Kvorum does not answer as etcd 3.4 does because it is a newer etcd. Each is told as narrowly
 * as it can be from the request and the two answers, and has an example that shows it.
 */
import { base64, FROM_KEY } from "./keys.ts";
import { call, rawCall, revision, type Sequence, type Step, watch } from "./sequence.ts";

/** A difference that is no fault. */
export interface KnownDifference {
  readonly what: string;
  readonly why: string;
  readonly example: Sequence;
  /** Whether the two texts differ for this reason and for no other. */
  readonly explains: (ours: string, theirs: string, step: Step) => boolean;
  /** Whether what follows cannot be compared: it goes on differently, or the data does. */
  readonly partsWays?: boolean;
}

const KEY = base64("a");
const NEWER_JSON = "etcd's gateway parses JSON with protojson since 3.6";

/** Any refusal for the form of a body, old or new. */
const FORM_REFUSAL =
  /"message":"(proto|json): |"message":"(illegal base64|unknown value|invalid character|unexpected)/;
/** A number that older mappings refuse where an integer belongs. */
const NUMBER_REFUSAL = /"message":"json: cannot unmarshal number ([^ ]+) into /;
/** A value that is base64 without padding or in the alphabet for URLs. */
const NEWER_BASE64 =
  /:\s*"((?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,3}|(?:[\w-]{4})*[\w-]{2,3}|[\w-]+={0,2})"/;
/** Refusals by protojson of what Go's older mapping takes: text with space around a number, lists. */
const NEWER_REFUSAL = new RegExp(
  [
    '"message":"proto: invalid value for int64 field \\w+: \\\\"( +-?\\d+ *| *-?\\d+ +)\\\\""',
    '"message":"proto: invalid value for bytes field \\w+: \\["',
    '"message":"proto: duplicate field ',
    '"message":"proto: error parsing \\\\"\\w+\\\\", oneof ',
  ].join("|"),
);
/** A number that only one of the two mappings takes where an integer belongs. */
const NEWER_NUMBER = /:\s*(?:" +-?\d+ *"|" *-?\d+ +"|"?-?\d+(?:\.0+|(?:\.\d+)?[eE]\+?\d+)"?)/;

/** What is found out about a transaction's operations when it is applied. */
const TXN_FAULT = /"etcdserver: (key not found|requested lease not found|mvcc: required revision)/;

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    what: "gRPC's FailedPrecondition is HTTP's 400, not 412",
    why: "etcd's gateway maps it so since 3.6",
    example: [
      call("/v3/lease/grant", { TTL: 60, ID: 7 }),
      call("/v3/lease/grant", { TTL: 60, ID: 7 }),
    ],
    explains: (ours, theirs) => ours.startsWith("400 ") && theirs === `412${ours.slice(3)}`,
  },
  {
    what: "progress is reported only when all watchers of the stream have caught up",
    why: "etcd 3.4 answers a request for progress at once, whatever has been sent",
    example: [
      watch({ create_request: { key: KEY, start_revision: revision(9) } }, {
        progress_request: {},
      }),
    ],
    explains: (ours, theirs, step) =>
      step.kind === "watch" && bodyOf(step).includes("progress_request") &&
      withoutLines(ours, isProgress) === withoutLines(theirs, isProgress),
  },
  {
    what: "a watch from the compacted revision sees what was deleted in it",
    why: "compaction keeps tombstones of the revision itself since 3.6",
    example: [
      call("/v3/kv/put", { key: KEY }),
      call("/v3/kv/deleterange", { key: KEY }),
      call("/v3/kv/compaction", { revision: revision(2), physical: true }),
      watch({ create_request: { key: KEY, start_revision: revision(2) } }),
    ],
    explains: (ours, theirs, step) =>
      step.kind === "watch" && withoutDeletesAtStart(ours, step) === theirs,
  },
  {
    what: "a watch from a negative revision is refused",
    why: "etcd 3.4 begins it and cancels it as compacted",
    example: [watch({ create_request: { key: KEY, start_revision: -1 } })],
    explains: (ours, theirs, step) =>
      step.kind === "watch" && step.messages.length === 1 &&
      bodyOf(step).includes('"start_revision":-1}') &&
      ours.includes("cancel_reason") && !theirs.includes("cancel_reason"),
    partsWays: true,
  },
  {
    what: "a sort option that does not exist is refused",
    why: "since 3.5; etcd 3.4 takes such an order and dies of such a target",
    example: [call("/v3/kv/range", { key: KEY, sort_order: 9 })],
    explains: (ours, theirs, step) =>
      bodyOf(step).includes('"sort_order":9}') && ours.includes("invalid sort option") &&
      theirs.startsWith("200 "),
  },
  {
    what: "a range of keys only has no leases",
    why: "etcd answers it from the index, which knows of none, since 3.6",
    example: [
      call("/v3/lease/grant", { TTL: 60, ID: 7 }),
      call("/v3/kv/put", { key: KEY, lease: 7 }),
      call("/v3/kv/range", { key: KEY, range_end: FROM_KEY, keys_only: true }),
    ],
    explains: (ours, theirs, step) =>
      /"keys_?only":true/i.test(bodyOf(step)) &&
      withoutLeasesOfBareKeys(ours) === withoutLeasesOfBareKeys(theirs),
  },
  {
    what: "of several faults of a transaction's operations, the first operation's is told",
    why: "etcd 3.4 looks at all puts first, and at a put's key before its lease",
    example: [
      call("/v3/kv/txn", {
        success: [
          { request_range: { key: KEY, revision: revision(100) } },
          { request_put: { key: KEY, lease: 404 } },
        ],
      }),
    ],
    explains: (ours, theirs, step) =>
      step.kind === "call" && step.path.endsWith("/txn") &&
      TXN_FAULT.test(ours) && TXN_FAULT.test(theirs),
  },
  {
    what: "base64 without padding, whole numbers in other forms and unknown enum names are taken",
    why: NEWER_JSON,
    example: [rawCall("/v3/lease/grant", '{"TTL":1e2}')],
    explains: (ours, theirs, step) =>
      !FORM_REFUSAL.test(ours) &&
      (theirs.includes('"message":"unknown value ') ||
        theirs.includes('"message":"illegal base64') && NEWER_BASE64.test(bodyOf(step)) ||
        Number.isInteger(Number(NUMBER_REFUSAL.exec(theirs)?.[1]))),
    partsWays: true,
  },
  {
    what: "an operation that is null is refused",
    why: "etcd 3.4 panics over it and closes the connection",
    example: [rawCall("/v3/kv/txn", '{"success":[null]}')],
    explains: (ours, theirs) => ours.startsWith("400 ") && theirs === "no answer",
    partsWays: true,
  },
  {
    what: "white space in numbers, a field under both of its names and bytes as a list are refused",
    why: NEWER_JSON,
    example: [rawCall("/v3/lease/grant", '{"TTL":" 1"}')],
    explains: (ours, theirs) => NEWER_REFUSAL.test(ours) && !FORM_REFUSAL.test(theirs),
    partsWays: true,
  },
  {
    what: "a stream of renewals ends, or goes on, at a number of a newer form",
    why: `${NEWER_JSON}; of a later message's refusal a stream says nothing`,
    example: [rawCall("/v3/lease/keepalive", '{"ID":"7"}\n{"ID":" 1"}')],
    explains: (ours, theirs, step) =>
      step.kind === "call" && step.path.endsWith("/keepalive") &&
      (ours.startsWith(theirs.trimEnd()) || theirs.startsWith(ours.trimEnd())) &&
      NEWER_NUMBER.test(step.body),
    partsWays: true,
  },
  {
    what: "where a number's text has an escape, the refusal names what that stands for",
    why: "Go's older JSON mapping looks at the text as it is written",
    example: [rawCall("/v3/lease/grant", '{"TTL":"\\u0059Q=="}')],
    explains: (ours, theirs, step) =>
      bodyOf(step).includes("\\") && ours.replace(NO_NUMBER, "") === theirs.replace(NO_NUMBER, ""),
  },
];

/** Which character of a number's text is no part of a number. */
const NO_NUMBER = /"invalid character '[^ ]+ looking for beginning of value"/g;

/** The body of a step, as it was sent. */
function bodyOf(step: Step): string {
  return step.kind === "call" ? step.body : step.messages.join("");
}

function withoutLines(text: string, drop: (line: string) => boolean): string {
  return text.split("\n").filter((line) => !drop(line)).join("\n");
}

function isProgress(line: string): boolean {
  return line.endsWith(`"watch_id":"-1"}}`) && !line.includes("created");
}

/** Fields come in their order of declaration, and the value is before the lease. */
function withoutLeasesOfBareKeys(text: string): string {
  return text.replaceAll(/("version":"\d+"),"lease":"-?\d+"/g, "$1");
}

/** Leaves out what each watcher saw deleted in a revision from which a watcher begins. */
function withoutDeletesAtStart(text: string, step: Step): string {
  const starts = [...bodyOf(step).matchAll(/"start_revision":"@(-?\d+)@"/g)].map(([, n]) => n);
  const deletes = new RegExp(
    `(?<=^watcher -?\\d+:)( \\{"type":"DELETE","kv":\\{"key":"[^"]*","mod_revision":"R[+](${
      starts.join("|")
    })"\\}\\})+`,
    "gm",
  );
  return withoutLines(text.replace(deletes, ""), (line) => /^watcher -?\d+:$/.test(line));
}
