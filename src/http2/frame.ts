import type { ErrorCode } from "./error_code.ts";
import type { OutputBuffer } from "./output_buffer.ts";

/** The types of frames; others are ignored. Ref: RFC 9113 §6. */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** The flags of frames. */
export const Flag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What precedes each frame's payload. */
export const FRAME_HEADER_BYTES = 9;
/** The largest payload that both ends take unless a setting says otherwise, and what we take. */
export const FRAME_PAYLOAD_BYTES = 16_384;
/** The largest identifier of a stream, and the largest window. */
export const INT31_MAX = 0x7fff_ffff;

/** What a client says first. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Four bytes as an unsigned number, the highest first. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Four bytes without their highest bit, which is reserved in identifiers and increments. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & INT31_MAX;
}

/** Writes the nine bytes that precede a payload. */
export function writeFrameHeader(
  out: OutputBuffer,
  payloadBytes: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  out.reserve(FRAME_HEADER_BYTES);
  const { bytes, length } = out;
  bytes[length] = payloadBytes >>> 16;
  bytes[length + 1] = payloadBytes >>> 8;
  bytes[length + 2] = payloadBytes;
  bytes[length + 3] = type;
  bytes[length + 4] = flags;
  bytes[length + 5] = streamId >>> 24;
  bytes[length + 6] = streamId >>> 16;
  bytes[length + 7] = streamId >>> 8;
  bytes[length + 8] = streamId;
  out.length = length + FRAME_HEADER_BYTES;
}

/**
 * Writes a header block that is already at the end of `out`, after room for one frame header at
 * `start`, as HEADERS and as many CONTINUATION frames as the peer's frame size asks for.
 */
export function finishHeaders(
  out: OutputBuffer,
  start: number,
  streamId: number,
  endStream: boolean,
  payloadBytesMax: number,
): void {
  const endFlag = endStream ? Flag.END_STREAM : 0;
  const blockBytes = out.length - start - FRAME_HEADER_BYTES;
  if (blockBytes <= payloadBytesMax) {
    const end = out.length;
    out.length = start;
    writeFrameHeader(out, blockBytes, FrameType.HEADERS, Flag.END_HEADERS | endFlag, streamId);
    out.length = end;
    return;
  }
  const block = out.bytes.slice(start + FRAME_HEADER_BYTES, out.length);
  out.length = start;
  for (let at = 0; at < blockBytes; at += payloadBytesMax) {
    const part = block.subarray(at, at + payloadBytesMax);
    const isLast = at + payloadBytesMax >= blockBytes;
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    const flags = (isLast ? Flag.END_HEADERS : 0) | (at === 0 ? endFlag : 0);
    writeFrameHeader(out, part.length, type, flags, streamId);
    out.raw(part);
  }
}

/** Writes RST_STREAM. */
export function writeReset(out: OutputBuffer, streamId: number, code: ErrorCode): void {
  writeFrameHeader(out, 4, FrameType.RST_STREAM, 0, streamId);
  out.uint32(code);
}

/** Writes SETTINGS with pairs of identifier and value. */
export function writeSettings(
  out: OutputBuffer,
  settings: readonly (readonly [number, number])[],
): void {
  writeFrameHeader(out, settings.length * 6, FrameType.SETTINGS, 0, 0);
  for (const [id, value] of settings) {
    out.byte(id >>> 8);
    out.byte(id);
    out.uint32(value);
  }
}

/** Writes the acknowledgement of SETTINGS. */
export function writeSettingsAck(out: OutputBuffer): void {
  writeFrameHeader(out, 0, FrameType.SETTINGS, Flag.ACK, 0);
}

/** Writes PING with its eight bytes. */
export function writePing(out: OutputBuffer, opaque: Uint8Array, isAck: boolean): void {
  writeFrameHeader(out, 8, FrameType.PING, isAck ? Flag.ACK : 0, 0);
  out.raw(opaque);
}

/** Writes GOAWAY with a reason for people in ASCII. */
export function writeGoaway(
  out: OutputBuffer,
  lastStreamId: number,
  code: ErrorCode,
  reason: string,
): void {
  writeFrameHeader(out, 8 + reason.length, FrameType.GOAWAY, 0, 0);
  out.uint32(lastStreamId);
  out.uint32(code);
  out.latin1(reason);
}

/** Writes WINDOW_UPDATE for a stream, or with 0 for the connection. */
export function writeWindowUpdate(out: OutputBuffer, streamId: number, increment: number): void {
  writeFrameHeader(out, 4, FrameType.WINDOW_UPDATE, 0, streamId);
  out.uint32(increment);
}
