import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../base/limits.ts";

/** The bounds of one connection, each with its reason. */
export interface Http2Limits {
  /** Requests at a time, those included whose client has gone but whose handler still runs. */
  readonly streamsMax: number;
  /** The largest list of header fields, as RFC 9113 §6.5.2 measures it; past it the answer is 431. */
  readonly headerListBytesMax: number;
  /** The largest header block before it is decoded. Past it the connection is closed. */
  readonly headerBlockBytesMax: number;
  /** CONTINUATION frames of one header block: many small ones cost much and carry nothing. */
  readonly continuationsMax: number;
  /**
   * How much of the requests' data may be on its way, more than 65,535: a quick sender then never
   * has to stop.
   */
  readonly connectionWindowBytes: number;
  /**
   * What messages larger than a stream's first window may take together. The others wait their
   * turn, so a connection holds at most this and `streamsMax` windows of unread data.
   */
  readonly largeMessageBytesMax: number;
  /** The largest gRPC message that is taken. */
  readonly messageBytesMax: number;
  /** What one stream may have queued for its reader before `send` says to wait. */
  readonly streamQueueBytesMax: number;
  /** Answers that wait for windows, all together. Past it new streams are refused. */
  readonly queueBytesMax: number;
  /** What gathers for the socket before data waits its turn; past it nothing more is read either. */
  readonly outputBytesMax: number;
  /** How long the socket may take nothing at all. */
  readonly writeStallMs: number;
  /** By when the client's preface and settings must be there. */
  readonly handshakeMs: number;
  /** By when a message must be whole that has begun to arrive. */
  readonly unfinishedMs: number;
  /** How long `shutdown` waits for the streams that are open. */
  readonly drainMs: number;
  /** Frames that cost work and bring nothing, of each kind: so many at once … */
  readonly floodBurst: number;
  /** … and so many a second after that. */
  readonly floodPerSecond: number;
  /** A connection on which nothing arrives for so long is pinged: etcd's 2 h. */
  readonly pingIntervalMs: number;
  /** How long to wait for any sign of life after a ping: etcd's 20 s. */
  readonly pingTimeoutMs: number;
  /** Clients may not ping more often: etcd's `--grpc-keepalive-min-time`. */
  readonly pingMinTimeMs: number;
  /** Whether clients may ping as often while no stream is open. etcd says no. */
  readonly permitPingWithoutStream: boolean;
}

/** What the unread data of all connections may take together, unless they share another budget. */
export const UNREAD_BYTES_MAX = 268_435_456;

/** What holds unless the options say otherwise. */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  streamsMax: 1_000,
  headerListBytesMax: 65_536,
  headerBlockBytesMax: 131_072,
  continuationsMax: 32,
  connectionWindowBytes: 1_048_576,
  largeMessageBytesMax: 16_777_216,
  messageBytesMax: REQUEST_BYTES_MAX + REQUEST_OVERHEAD_BYTES,
  streamQueueBytesMax: 262_144,
  queueBytesMax: 67_108_864,
  outputBytesMax: 65_536,
  writeStallMs: 60_000,
  handshakeMs: 10_000,
  unfinishedMs: 60_000,
  drainMs: 5_000,
  floodBurst: 2_000,
  floodPerSecond: 200,
  pingIntervalMs: 7_200_000,
  pingTimeoutMs: 20_000,
  pingMinTimeMs: 5_000,
  permitPingWithoutStream: false,
};
