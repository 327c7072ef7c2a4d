/** Every bound in one place, each with its reason. Sizes are bytes and times are milliseconds. */

/** The largest request that is accepted: etcd's `--max-request-bytes`. */
export const REQUEST_BYTES_MAX = 1_572_864;
/** Room that etcd leaves for a message's framing on top of the request itself. */
export const REQUEST_OVERHEAD_BYTES = 524_288;
/** The most operations in one transaction, compares counted separately: etcd's `--max-txn-ops`. */
export const TXN_OPERATIONS_MAX = 128;
/** A proposal, a linearizable read or a forwarded call waits at most this long plus two elections. */
export const REQUEST_TIMEOUT_BASE_MS = 5_000;
/** Leases live at most this long: etcd's limit, which keeps sums of seconds far from overflow. */
export const LEASE_TTL_SECONDS_MAX = 9_000_000_000;
/** A log entry gathers requests up to this many bytes, unless a single request is larger. */
export const ENTRY_BYTES_MAX = 1_048_576;
/** One message carries entries up to this many bytes, so that heartbeats never wait long behind it. */
export const APPEND_MESSAGE_BYTES_MAX = 1_048_576;
/** Proposals not yet committed: past this many bytes new ones are answered "too many requests". */
export const UNCOMMITTED_BYTES_MAX = 64 * 1_048_576;
/** A frame from a peer may not be larger; the largest honest one is an entry of one huge request. */
export const PEER_FRAME_BYTES_MAX = 8 * 1_048_576;
/** Bytes queued for a peer that reads slowly: past this, messages are dropped and Raft sends again. */
export const PEER_QUEUE_BYTES_MAX = 16 * 1_048_576;
/** Entries applied before the next snapshot is taken: etcd's `--snapshot-count`. */
export const SNAPSHOT_ENTRIES = 10_000;
/** Entries kept behind a snapshot for followers that are only a little late. */
export const SNAPSHOT_CATCH_UP_ENTRIES = 5_000;
/** A segment of the revision log is sealed at this size: the unit of snapshots and transfers. */
export const SEGMENT_BYTES = 1_048_576;
/** And at so many records, because to compact or restore one takes a step that grows with them. */
export const SEGMENT_RECORDS_MAX = 3_072;
/** Responses waiting for one watch stream's reader before its watchers fall back to history. */
export const WATCH_QUEUE_RESPONSES_MAX = 128;
