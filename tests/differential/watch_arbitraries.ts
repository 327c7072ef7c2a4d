/**
 * Watch streams: several watchers each, from past, present and future, and cancels among them. Not
 * from negative revisions: etcd refuses those at once since 3.5, and 3.4 takes them for compacted.
 */
import fc from "fast-check";
import { key, positiveRevision, rangeEnd } from "./kv_arbitraries.ts";
import { FROM_KEY } from "./keys.ts";
import { type Watch, watch } from "./sequence.ts";

const filters = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>(["NOPUT"], ["NODELETE"], [0, 1]) },
);

const create = fc.record({
  key,
  range_end: fc.oneof(rangeEnd, fc.constant(FROM_KEY)),
  start_revision: positiveRevision,
  filters,
  prev_kv: fc.constant(true),
  progress_notify: fc.constant(true),
  fragment: fc.constant(true),
  watch_id: fc.constantFrom<unknown>("0", 1, 2, 7, -5),
}, { requiredKeys: ["key"] }).map((create_request) => ({ create_request }));

/**
 * A watcher of what is to come, with an ID to cancel it by. Why only such: whether a watcher of
 * the past has seen events before it is cancelled is a matter of moments.
 */
const cancelled = fc.tuple(key, fc.constantFrom(70, 71)).map(([key, watch_id]) => [
  { create_request: { key, watch_id } },
  { cancel_request: { watch_id: String(watch_id) } },
]);

const message = fc.oneof(
  { weight: 10, arbitrary: create.map((request): unknown[] => [request]) },
  { weight: 2, arbitrary: cancelled },
  { weight: 1, arbitrary: fc.constant([{ cancel_request: { watch_id: 404 } }]) },
  { weight: 1, arbitrary: fc.constant([{}]) },
  { weight: 1, arbitrary: fc.constant([{ progress_request: {} }]) },
);

/**
 * How long the messages of a stream may be. Why: over HTTP/1.1 etcd's gateway may lose what it has
 * not read of the body when it begins to answer, and it reads 512 bytes first.
 */
const MESSAGES_LENGTH_MAX = 400;

export const watchStream: fc.Arbitrary<Watch> = fc.array(message, { minLength: 1, maxLength: 5 })
  .map((messages) => watch(...messages.flat()))
  .filter(({ messages }) => messages.join("").length <= MESSAGES_LENGTH_MAX);
