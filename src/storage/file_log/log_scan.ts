import { damaged } from "../journal/object_record.ts";
import {
  type ChainPoint,
  type Checksum,
  follows,
  type Frame,
  frameBytes,
  readFrame,
} from "../journal/frame.ts";
import { decodeFileHeader, FILE_HEADER_BYTES } from "./file_header.ts";
import { endOfContent, judgeTail } from "./torn_tail.ts";

/** What one file of the journal holds. */
export interface ScannedFile {
  /** After which frame this file's own begin. */
  readonly begin: ChainPoint;
  readonly frames: readonly Frame[];
  /** Where the next frame goes. */
  readonly end: number;
  /** Where the rest of a write that was cut short ends; equals `end` if there was none. */
  readonly tornEnd: number;
}

/**
 * Reads one file of the journal. Only the last file may end in a write that was cut short, because
 * the next file is begun after all of this one is durable.
 */
export function scanLogFile(
  bytes: Uint8Array,
  isLast: boolean,
  place: string,
  crc32: Checksum,
): ScannedFile {
  const begin = decodeFileHeader("log", bytes, place);
  const frames: Frame[] = [];
  let point = begin;
  let offset = FILE_HEADER_BYTES;
  for (;;) {
    const frame = readFrame(bytes, offset, crc32);
    if (frame === null || !follows(frame, point)) break;
    frames.push(frame);
    offset += frameBytes(frame.payload.length);
    point = frame;
  }
  const contentEnd = endOfContent(bytes, offset);
  const tail = judgeTail(bytes, offset, contentEnd, point);
  if (tail === "damaged" || (tail === "torn" && !isLast)) {
    throw damaged(`${place} at offset ${offset}: record ${point.sequence + 1} is not intact`);
  }
  // Why a copy: views would keep the whole file in memory, though most of it is zeros.
  const kept = offset < bytes.length / 2 ? frames.map(withOwnPayload) : frames;
  return { begin, frames: kept, end: offset, tornEnd: contentEnd };
}

function withOwnPayload(frame: Frame): Frame {
  return { ...frame, payload: frame.payload.slice() };
}
