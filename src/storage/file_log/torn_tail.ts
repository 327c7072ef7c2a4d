import {
  type ChainPoint,
  FRAME_HEADER_BYTES,
  frameBytes,
  readFrameHeader,
} from "../journal/frame.ts";

/*
 * When the bytes at the log's end are not the frame that should follow, either a crash cut its write
 * short, or it was whole once and has been damaged. The first was never acknowledged and is cut off;
 * the second must not be taken for the first. What tells them apart:
 *
 * - One frame is written at a time, into zeros, and the next only after it is durable. So a write cut
 *   short is the last thing in the log, and part of it is missing, which means: still zero.
 * - A disk writes sectors of 512 bytes whole, in any order. So either the end of the frame is missing
 *   (its end mark is not zero, see frame.ts), or all that it has in some sector.
 *
 * A frame that is not right although nothing of it is missing has been damaged, and so has one that a
 * later frame follows. One case stays undecided: a damaged last frame with 512 zeros in its payload
 * looks like a write cut short. It is taken for one, as etcd does.
 */

const SECTOR_BYTES = 512;

/** What the end of a log is: nothing but zeros, a write cut short, or damage. */
export type TailKind = "clean" | "torn" | "damaged";

/** Where the bytes that are not zero end, looking no further back than `from`. */
export function endOfContent(bytes: Uint8Array, from: number): number {
  let end = Math.max(from, bytes.length);
  if (bytes.byteOffset % 4 === 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    while (end % 4 !== 0 && end > from && bytes[end - 1] === 0) end--;
    // Four words a step: most of a log's last file is zeros.
    for (let at = end >>> 2; end % 4 === 0 && end - 16 >= from; end -= 16, at -= 4) {
      if ((words[at - 1] | words[at - 2] | words[at - 3] | words[at - 4]) !== 0) break;
    }
  }
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}

/**
 * Judges the bytes from `offset` to `contentEnd`, behind which are only zeros, where the frame after
 * `point` is not found whole.
 */
export function judgeTail(
  bytes: Uint8Array,
  offset: number,
  contentEnd: number,
  point: ChainPoint,
): TailKind {
  if (contentEnd === offset) return "clean";
  const header = readFrameHeader(bytes, offset);
  const expected = point.sequence + 1;
  if (header === null) {
    const headerEnd = offset + FRAME_HEADER_BYTES;
    const isCut = contentEnd <= headerEnd || hasZeroSector(bytes, offset, headerEnd);
    return isCut && !hasLaterFrame(bytes, offset + 8, contentEnd, expected) ? "torn" : "damaged";
  }
  if (header.sequence !== expected || header.previous !== point.checksum) return "damaged";
  const endMark = offset + FRAME_HEADER_BYTES + header.payloadBytes;
  const frameEnd = offset + frameBytes(header.payloadBytes);
  const isCut = contentEnd <= endMark || hasZeroSector(bytes, offset, endMark + 1);
  return isCut && !hasLaterFrame(bytes, frameEnd, contentEnd, expected) ? "torn" : "damaged";
}

/** Whether all of `bytes[start, end)` that lies in some one sector is zero. */
function hasZeroSector(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const sectorEnd = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    let i = at;
    while (i < sectorEnd && bytes[i] === 0) i++;
    if (i === sectorEnd) return true;
    at = sectorEnd;
  }
  return false;
}

/** Whether a frame written after the `expected` one begins somewhere in `bytes[start, end)`. */
function hasLaterFrame(bytes: Uint8Array, start: number, end: number, expected: number): boolean {
  for (let at = start; at < end; at += 8) {
    const header = readFrameHeader(bytes, at);
    if (header !== null && header.sequence > expected) return true;
  }
  return false;
}
