/** Sequences that once showed a difference, or that chance seldom comes upon. */
import { base64, FROM_KEY } from "./keys.ts";
import { call, rawCall, revision, type Sequence, watch } from "./sequence.ts";

const KEY = base64("a");
const OTHER = base64("b");
const EVERYTHING = { key: FROM_KEY, range_end: FROM_KEY };
const put = (key: string, fields: Readonly<Record<string, unknown>> = {}) =>
  call("/v3/kv/put", { key, ...fields });

export const REGRESSIONS: Readonly<Record<string, Sequence>> = {
  "text in a list of bytes": [rawCall("/v3/kv/range", '{"key":[""]}')],
  "a lease's shortest time": [
    call("/v3/lease/grant", { TTL: 1, ID: 7 }),
    call("/v3/lease/grant", { TTL: -5, ID: 8 }),
    call("/v3/lease/revoke", { ID: 7 }),
    call("/v3/lease/revoke", { ID: 8 }),
  ],
  "a limit below zero is none": [
    put(KEY),
    put(OTHER),
    call("/v3/kv/range", { ...EVERYTHING, limit: -1 }),
  ],
  "a revoked lease takes its keys along, in one revision": [
    call("/v3/lease/grant", { TTL: 60, ID: 7 }),
    put(OTHER, { lease: 7 }),
    put(KEY, { lease: 7 }),
    watch({ create_request: { ...EVERYTHING, start_revision: revision(1), prev_kv: true } }),
    call("/v3/lease/revoke", { ID: 7 }),
    call("/v3/kv/range", EVERYTHING),
  ],
  "half a number in quotes": ["-", "tru", "1.", "1e", "", "{", "1 x"].map((ID) =>
    call("/v3/lease/revoke", { ID })
  ),
  "a watch from the compacted revision sees it, one before it is cancelled": [
    put(KEY),
    put(KEY),
    put(KEY),
    call("/v3/kv/compaction", { revision: revision(2), physical: true }),
    watch(
      { create_request: { key: KEY, start_revision: revision(2), prev_kv: true } },
      { create_request: { key: KEY, start_revision: revision(1) } },
      { create_request: { key: KEY, start_revision: revision(3), prev_kv: true } },
    ),
  ],
  "an ID stays taken when compaction ends its watch": [
    watch(
      { create_request: { key: KEY, start_revision: revision(-1), watch_id: 1 } },
      { create_request: { key: KEY, watch_id: 1 } },
      { create_request: { key: KEY } },
      { create_request: { key: KEY } },
    ),
  ],
  "a watch of the future begins there": [
    watch({ create_request: { key: KEY, start_revision: revision(4), prev_kv: true } }),
    put(KEY),
    put(KEY),
    put(KEY),
    put(KEY),
  ],
  "events of one transaction stay together": [
    watch({ create_request: { ...EVERYTHING, prev_kv: true } }),
    call("/v3/kv/txn", {
      success: [
        { request_put: { key: KEY, value: OTHER } },
        { request_delete_range: { key: OTHER } },
        { request_put: { key: FROM_KEY } },
      ],
    }),
    call("/v3/kv/deleterange", EVERYTHING),
  ],
};
