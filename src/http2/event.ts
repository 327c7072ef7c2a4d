import type { ErrorCode } from "./error_code.ts";

/** What a connection tells about itself, for logs and metrics. */
export type Http2Event =
  /** The connection ends because the peer broke a rule or fell silent. */
  | { readonly kind: "connection_error"; readonly code: ErrorCode; readonly message: string }
  /** One stream was reset because the peer broke a rule. */
  | { readonly kind: "stream_error"; readonly code: ErrorCode; readonly message: string }
  /** A handler threw something that is no answer: a bug in it, or in this code. */
  | { readonly kind: "handler_error"; readonly path: string; readonly error: unknown };
