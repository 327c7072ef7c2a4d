/** The error codes of HTTP/2. Ref: RFC 9113 §7. */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

/** One of the codes above, or a number that a peer made up. */
export type ErrorCode = number;

/** The peer broke the rules of the connection: it is told so with GOAWAY and let go. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  /** What GOAWAY carries. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The peer broke the rules of one stream: the stream is reset, the connection goes on. */
export class StreamError extends Error {
  override name = "StreamError";
  /** What RST_STREAM carries. */
  readonly code: ErrorCode;
  /** The stream that is reset. */
  readonly streamId: number;

  constructor(streamId: number, code: ErrorCode, message: string) {
    super(message);
    this.streamId = streamId;
    this.code = code;
  }
}
