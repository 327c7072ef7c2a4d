/** The frames of WebSocket as a client writes and reads them. Ref: RFC 6455 §5. */

import type { SocketReader } from "./socket_reader.ts";

/** What a frame is. */
export const Opcode = {
  Continuation: 0,
  Text: 1,
  Binary: 2,
  Close: 8,
  Ping: 9,
  Pong: 10,
} as const;

/** The bit that says that a message ends with this frame. */
const FINAL = 0x80;
/** The bit that says that the payload is masked, as a client's must be and a server's must not. */
const MASKED = 0x80;
/** Lengths up to this are in the second byte; the two above it say that 2 or 8 bytes follow. */
const SHORT_LENGTH_MAX = 125;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

/** A frame that was read. */
export interface WebSocketFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** What breaks the rules, and the close code that says so. */
export class WebSocketProtocolError extends Error {
  override readonly name = "WebSocketProtocolError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A whole message or control frame as a client sends it. */
export function encodeClientFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const lengthBytes = length <= SHORT_LENGTH_MAX ? 0 : length <= 0xffff ? 2 : 8;
  const headerBytes = 2 + lengthBytes + 4;
  // The payload begins at a multiple of four, so that it can be masked by words.
  const start = (4 - headerBytes % 4) % 4;
  const bytes = new Uint8Array(start + headerBytes + Math.ceil(length / 4) * 4);
  const view = new DataView(bytes.buffer);
  bytes[start] = FINAL | opcode;
  bytes[start + 1] = MASKED |
    (lengthBytes === 0 ? length : lengthBytes === 2 ? LENGTH_IN_2_BYTES : LENGTH_IN_8_BYTES);
  if (lengthBytes === 2) view.setUint16(start + 2, length);
  if (lengthBytes === 8) view.setBigUint64(start + 2, BigInt(length));
  const end = start + headerBytes;
  crypto.getRandomValues(bytes.subarray(end - 4, end));
  bytes.set(payload, end);
  const [mask] = new Uint32Array(bytes.buffer, end - 4, 1);
  const words = new Uint32Array(bytes.buffer, end);
  for (let i = 0; i < words.length; i++) words[i] ^= mask;
  return bytes.subarray(start, end + length);
}

/**
 * Reads the next frame of a server.
 *
 * @throws {WebSocketProtocolError} for what is none, or for more than `bytesMax` bytes.
 */
export async function readServerFrame(
  reader: SocketReader,
  bytesMax: number,
): Promise<WebSocketFrame> {
  const [first, second] = await reader.take(2);
  const opcode = first & 0x0f;
  const isFinal = (first & FINAL) !== 0;
  if ((first & 0x70) !== 0 || (second & MASKED) !== 0) {
    throw new WebSocketProtocolError(1002, "a server's frame has bits that it may not have");
  }
  let length = second & 0x7f;
  if (opcode >= Opcode.Close && (length > SHORT_LENGTH_MAX || !isFinal)) {
    throw new WebSocketProtocolError(1002, "a control frame is too long");
  }
  if (length > SHORT_LENGTH_MAX) {
    const extended = await reader.take(length === LENGTH_IN_2_BYTES ? 2 : 8);
    length = extended.reduce((sum, byte) => sum * 256 + byte, 0);
  }
  if (length > bytesMax) {
    throw new WebSocketProtocolError(1009, `frame of ${length} bytes; ${bytesMax} are allowed`);
  }
  return { opcode, isFinal, payload: await reader.take(length) };
}
