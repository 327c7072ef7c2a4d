import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../../base/limits.ts";
import type { ServerLimits } from "../../proto/multiplex/hello.ts";

/** What a server demands of its clients, and what it holds for them. */
export interface MultiplexLimits extends ServerLimits {
  readonly connectionsMax: number;
  /** A client must have introduced itself by then. */
  readonly helloMs: number;
  /** What a client has not taken yet; past this the connection is closed. */
  readonly unsentBytesMax: number;
}

/** The limits unless told otherwise, each with its reason. */
export const MULTIPLEX_LIMITS: MultiplexLimits = {
  // Idle connections are cheap; this many take some 100 MB.
  connectionsMax: 10_000,
  helloMs: 10_000,
  // A turn of a busy client, or a single request as large as etcd takes.
  frameBytesMax: 2 * (REQUEST_BYTES_MAX + REQUEST_OVERHEAD_BYTES),
  callsMax: 4_096,
  callBytesMax: 16 * 1_048_576,
  streamsMax: 10_000,
  // Clients ping every fifteen seconds, but a page in the background may do so only once a minute.
  idleMs: 150_000,
  unsentBytesMax: 64 * 1_048_576,
};
