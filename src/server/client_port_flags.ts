import type { KvLimits } from "../api/services/kv_limits.ts";
import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES, TXN_OPERATIONS_MAX } from "../base/limits.ts";
import type { Http2Limits } from "../http2/limits.ts";
import { CommandError } from "./command_error.ts";
import { parseDurationMs } from "./duration.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";
import { parseUrls } from "./listen_url.ts";

/** HTTP/2 has no more streams than this. */
const STREAMS_MAX = 2 ** 31 - 1;
/** The longest that a timer takes: 24 days. */
const NEVER_MS = 2 ** 31 - 1;

/** The flags about ports for clients beside `--listen-client-urls`. */
export const CLIENT_PORT_FLAGS: readonly FlagSpec[] = [
  {
    name: "listen-client-http-urls",
    kind: "string",
    default: "",
    help: "Where to listen for HTTP alone; --listen-client-urls are then for gRPC alone.",
  },
  {
    name: "listen-metrics-urls",
    kind: "string",
    default: "",
    help: "Where else to answer /metrics, /health, /livez, /readyz and /version.",
  },
  {
    name: "max-concurrent-streams",
    kind: "number",
    default: "100000",
    help: "Requests at a time on one HTTP/2 connection.",
  },
  {
    name: "max-request-bytes",
    kind: "number",
    default: String(REQUEST_BYTES_MAX),
    help: "The most bytes that one write may have.",
  },
  {
    name: "max-txn-ops",
    kind: "number",
    default: String(TXN_OPERATIONS_MAX),
    help: "The most operations that one transaction may have.",
  },
  {
    name: "watch-progress-notify-interval",
    kind: "string",
    default: "10m",
    help: "How often idle watchers hear of progress that ask for it.",
  },
  {
    name: "grpc-keepalive-min-time",
    kind: "string",
    default: "5s",
    help: "Clients that ping more often are sent away.",
  },
  {
    name: "grpc-keepalive-interval",
    kind: "string",
    default: "2h",
    help: "How long a connection may be silent until it is pinged. 0: for ever.",
  },
  {
    name: "grpc-keepalive-timeout",
    kind: "string",
    default: "20s",
    help: "How long a pinged client may take to answer.",
  },
];

/** How clients are listened for. */
export interface ClientPortSettings {
  /** Where HTTP is served alone; empty when one port serves everything. */
  readonly listenHttpUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  /** The bounds of one HTTP/2 connection. */
  readonly http2: Partial<Http2Limits>;
  /** What one request may ask of the store. */
  readonly kv: KvLimits;
  /** How often idle watchers hear of progress that ask for it. */
  readonly progressIntervalMs: number;
}

/** Reads the flags. @throws {CommandError} */
export function parseClientPort(flags: FlagValues): ClientPortSettings {
  const urls = (name: string) => flags.get(name) === "" ? [] : parseUrls(name, flags.get(name));
  return {
    listenHttpUrls: urls("listen-client-http-urls"),
    listenMetricsUrls: urls("listen-metrics-urls"),
    http2: parseHttp2(flags),
    kv: {
      requestBytesMax: flags.number("max-request-bytes"),
      txnOperationsMax: flags.number("max-txn-ops"),
    },
    progressIntervalMs: durationMs(flags, "watch-progress-notify-interval"),
  };
}

function parseHttp2(flags: FlagValues): Partial<Http2Limits> {
  const requestBytesMax = flags.number("max-request-bytes");
  if (requestBytesMax > REQUEST_BYTES_MAX) {
    throw new CommandError(
      `--max-request-bytes must be at most ${REQUEST_BYTES_MAX}: it is ${requestBytesMax}; split ` +
        `large values`,
    );
  }
  const intervalMs = durationMs(flags, "grpc-keepalive-interval");
  return {
    streamsMax: Math.min(flags.number("max-concurrent-streams"), STREAMS_MAX),
    messageBytesMax: requestBytesMax + REQUEST_OVERHEAD_BYTES,
    pingMinTimeMs: durationMs(flags, "grpc-keepalive-min-time"),
    pingIntervalMs: intervalMs === 0 ? NEVER_MS : intervalMs,
    pingTimeoutMs: durationMs(flags, "grpc-keepalive-timeout"),
  };
}

function durationMs(flags: FlagValues, name: string): number {
  const durationMs = parseDurationMs(flags.get(name));
  if (durationMs === null) {
    throw new CommandError(`--${name} must be a duration like 10s: it is "${flags.get(name)}"`);
  }
  return Math.min(durationMs, NEVER_MS);
}
