import { assert } from "../../base/assert.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import { crc32 } from "../../base/crc32.ts";

/*
 * A frame is one checksummed record. All numbers have their lowest byte first.
 *
 *   offset  bytes
 *        0      4  length of the payload, at least 1
 *        4      8  sequence: one more than the predecessor's; 0 for objects outside the journal
 *       12      4  the checksum in the predecessor's header, so that frames form a chain
 *       16      4  CRC-32 of the payload
 *       20      4  CRC-32 of the bytes 0 to 19
 *       24      n  payload
 *     24+n      1  end mark, 0xa5
 *               -  zeros up to a multiple of 8
 *
 * Why a checksum of the header alone: a reader that can trust the length knows how far a frame
 * reaches even when its payload is damaged. Why an end mark that is not zero, and frames at multiples
 * of 8: a write that was cut short in a file of zeros can be told from a frame that was damaged later
 * (see file_log/torn_tail.ts).
 */

/** Bytes in front of a frame's payload. */
export const FRAME_HEADER_BYTES = 24;
/** A frame's payload is never larger: far above any batch, far below what a number could claim. */
export const FRAME_PAYLOAD_BYTES_MAX = 256 * 1_048_576;

const EMPTY_HEADER = new Uint8Array(FRAME_HEADER_BYTES);
const END_MARK = 0xa5;
const ALIGNMENT_BYTES = 8;
const TWO_32 = 0x1_0000_0000;

/**
 * CRC-32 with the IEEE polynomial. Most runtimes have one that is many times faster than any code in
 * JavaScript, so the medium says which to use for payloads.
 */
export type Checksum = (bytes: Uint8Array) => number;

/** What a frame's header says, once its own checksum has been found right. */
export interface FrameHeader {
  readonly payloadBytes: number;
  readonly sequence: number;
  /** The chain: the predecessor's {@linkcode FrameHeader.checksum}. */
  readonly previous: number;
  readonly payloadChecksum: number;
  /** The header's own checksum. It stands for the whole frame, as it covers the payload's. */
  readonly checksum: number;
}

/** A frame whose checksums are right. */
export interface Frame {
  readonly sequence: number;
  /** The predecessor's checksum. */
  readonly previous: number;
  /** This frame's checksum. */
  readonly checksum: number;
  readonly payload: Uint8Array;
}

/** How many bytes a frame with a payload of this size takes. */
export function frameBytes(payloadBytes: number): number {
  const unpadded = FRAME_HEADER_BYTES + payloadBytes + 1;
  return Math.ceil(unpadded / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** Empties the writer and leaves room for the header; the payload is written after it. */
export function beginFrame(writer: ByteWriter): void {
  writer.reset();
  writer.raw(EMPTY_HEADER);
}

/** Completes the frame whose payload has been written. Answers its checksum, for the successor. */
export function endFrame(
  writer: ByteWriter,
  sequence: number,
  previous: number,
  payloadCrc32: Checksum,
): number {
  const payloadBytes = writer.length - FRAME_HEADER_BYTES;
  assert(
    payloadBytes > 0 && payloadBytes <= FRAME_PAYLOAD_BYTES_MAX,
    `Cannot frame ${payloadBytes} bytes`,
  );
  const written = writer.view();
  const payloadChecksum = payloadCrc32(written.subarray(FRAME_HEADER_BYTES));
  writer.patchUint32(0, payloadBytes);
  writer.patchUint32(4, sequence % TWO_32);
  writer.patchUint32(8, Math.floor(sequence / TWO_32));
  writer.patchUint32(12, previous);
  writer.patchUint32(16, payloadChecksum);
  const checksum = crc32(written, 0, 0, 20);
  writer.patchUint32(20, checksum);
  writer.byte(END_MARK);
  while (writer.length % ALIGNMENT_BYTES !== 0) writer.byte(0);
  return checksum;
}

/** The header at `offset`, or null when the bytes there are not one. */
export function readFrameHeader(bytes: Uint8Array, offset: number): FrameHeader | null {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER_BYTES);
  const payloadBytes = view.getUint32(0, true);
  const checksum = view.getUint32(20, true);
  if (payloadBytes === 0 || payloadBytes > FRAME_PAYLOAD_BYTES_MAX) return null;
  if (crc32(bytes, 0, offset, offset + 20) !== checksum) return null;
  return {
    payloadBytes,
    sequence: view.getUint32(4, true) + view.getUint32(8, true) * TWO_32,
    previous: view.getUint32(12, true),
    payloadChecksum: view.getUint32(16, true),
    checksum,
  };
}

/** The frame at `offset`, or null when the bytes there are not a whole and undamaged one. */
export function readFrame(
  bytes: Uint8Array,
  offset: number,
  payloadCrc32: Checksum,
): Frame | null {
  const header = readFrameHeader(bytes, offset);
  if (header === null) return null;
  const start = offset + FRAME_HEADER_BYTES;
  const end = start + header.payloadBytes;
  if (end >= bytes.length || bytes[end] !== END_MARK) return null;
  const payload = bytes.subarray(start, end);
  if (payloadCrc32(payload) !== header.payloadChecksum) return null;
  const { sequence, previous, checksum } = header;
  return { sequence, previous, checksum, payload };
}

/** A place in the journal: after the frame with this sequence and checksum. */
export interface ChainPoint {
  readonly sequence: number;
  readonly checksum: number;
}

/** The place before the first frame of a journal. */
export const CHAIN_ORIGIN: ChainPoint = { sequence: 0, checksum: 0x6b76_6f72 };

/** Whether a frame with this header is the next one after `point`. */
export function follows(
  frame: { readonly sequence: number; readonly previous: number },
  point: ChainPoint,
): boolean {
  return frame.sequence === point.sequence + 1 && frame.previous === point.checksum;
}

/** The place before a frame, for the oldest frame of a journal whose beginning has been removed. */
export function pointBefore(
  frame: { readonly sequence: number; readonly previous: number },
): ChainPoint {
  return frame.sequence === 1
    ? CHAIN_ORIGIN
    : { sequence: frame.sequence - 1, checksum: frame.previous };
}
