import { encodeUtf8 } from "../../base/utf8.ts";
import { HeaderField } from "../hpack/header_field.ts";

/** The codes that a call can end with. Ref: gRPC's statuscodes.md. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** How a call ends that does not end well. Handlers throw this, or anything with a `code`. */
export class GrpcError extends Error {
  override name = "GrpcError";
  /** One of {@linkcode GrpcCode}. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a handler threw as a status, or `null` if it is no status but a fault. */
export function statusOf(error: unknown): { code: number; message: string } | null {
  if (typeof error !== "object" || error === null) return null;
  if (!("code" in error) || !("message" in error)) return null;
  const { code, message } = error;
  const isCode = typeof code === "number" && Number.isInteger(code) && code > 0 && code <= 16;
  return isCode && typeof message === "string" ? { code, message } : null;
}

const GRPC_STATUS = Object.values(GrpcCode).map((code) =>
  new HeaderField("grpc-status", String(code))
);

/** The fields that carry a status at the end of a call. */
export function statusFields(code: number, message: string): HeaderField[] {
  if (message === "") return [GRPC_STATUS[code]];
  return [GRPC_STATUS[code], new HeaderField("grpc-message", percentEncode(message))];
}

/** Text as `grpc-message` carries it. Ref: gRPC's PROTOCOL-HTTP2.md. */
export function percentEncode(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of encodeUtf8(text)) {
    encoded += byte < 0x20 || byte > 0x7e || byte === 0x25
      ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      : String.fromCharCode(byte);
  }
  return encoded;
}
