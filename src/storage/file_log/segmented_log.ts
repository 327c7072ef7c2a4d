import { assert } from "../../base/assert.ts";
import { CHAIN_ORIGIN, type ChainPoint, type Frame, FRAME_HEADER_BYTES } from "../journal/frame.ts";
import type { JournalContents } from "../journal/medium.ts";
import { damaged } from "../journal/object_record.ts";
import { encodeFileHeader, FILE_HEADER_BYTES } from "./file_header.ts";
import type { FileInfo, FileSystem, OpenFile } from "./file_system.ts";
import { scanLogFile } from "./log_scan.ts";
import { SpareFile } from "./spare_file.ts";

/** A file of the journal. */
interface LogFile {
  readonly name: string;
  readonly number: number;
  /** The sequence of the frame before the first one in it. */
  readonly begin: number;
  readonly byteLength: number;
}

const NAME = /^log-(\d{12})$/;

/**
 * The journal as a row of append-only files, filled with zeros when they are made so that an append
 * changes neither size nor layout of the file and costs one `fdatasync` alone.
 *
 * Invariant: a file is begun only after all frames of the one before it are durable. Files are removed
 * from the oldest on, each durably before the next.
 */
export class SegmentedLog {
  readonly #fs: FileSystem;
  readonly #segmentBytes: number;
  readonly #spare: SpareFile;
  #files: LogFile[] = [];
  #current: OpenFile | null = null;
  #end = 0;
  #tornEnd = 0;

  constructor(fs: FileSystem, segmentBytes: number) {
    this.#fs = fs;
    this.#segmentBytes = segmentBytes;
    this.#spare = new SpareFile(fs, segmentBytes);
  }

  /** Whether there are any files; known once the log has been read. */
  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  /** Reads all frames. */
  async read(listing: readonly FileInfo[]): Promise<JournalContents> {
    const names = listing.map((file) => file.name).filter((name) => NAME.test(name)).sort();
    const frames: Frame[] = [];
    const notes: string[] = [];
    let point: ChainPoint | null = null;
    for (const name of names) {
      const place = `${this.#fs.description}/${name}`;
      const bytes = await this.#fs.read(name);
      if (bytes === null) throw damaged(`${place}: it is missing`);
      const scanned = scanLogFile(bytes, name === names.at(-1), place, this.#fs.crc32);
      const { begin } = scanned;
      if (
        point !== null && (point.sequence !== begin.sequence || point.checksum !== begin.checksum)
      ) {
        throw damaged(`${place}: records are missing between ${point.sequence} and its first one`);
      }
      point = scanned.frames.at(-1) ?? begin;
      for (const frame of scanned.frames) frames.push(frame);
      this.#files.push({
        name,
        number: Number(name.slice(4)),
        begin: begin.sequence,
        byteLength: bytes.length,
      });
      this.#end = scanned.end;
      this.#tornEnd = scanned.tornEnd;
      if (scanned.tornEnd > scanned.end) {
        notes.push(
          `Cut off ${scanned.tornEnd - scanned.end} bytes of a write that was not finished, at ` +
            `offset ${scanned.end} of ${name}`,
        );
      }
    }
    return { frames, notes };
  }

  /**
   * Opens the last file behind its last whole frame, or makes the first one. Safety: what was read may
   * be in the system's memory only, written by a process that died before its sync. It counts from
   * now on, so it is made durable first.
   */
  async startWriting(): Promise<void> {
    const last = this.#files.at(-1);
    if (last === undefined) {
      await this.#begin(1, CHAIN_ORIGIN);
      return;
    }
    this.#current = await this.#fs.open(last.name);
    await this.#current.sync();
    await this.#clearTorn(this.#current);
  }

  /**
   * Writes zeros over what is left of a write cut short, so that it is never taken for a part of a later
   * one. Why from the header's end on first: cut short at any point, this leaves a header without its
   * frame or a part of a header without anything behind it, which are unfinished writes again.
   */
  async #clearTorn(file: OpenFile): Promise<void> {
    const headerEnd = Math.min(this.#end + FRAME_HEADER_BYTES, this.#tornEnd);
    for (const [from, to] of [[headerEnd, this.#tornEnd], [this.#end, headerEnd]]) {
      if (from >= to) continue;
      file.write(new Uint8Array(to - from), from);
      await file.sync();
    }
  }

  /** Makes a frame durable. */
  async append(sequence: number, frame: Uint8Array): Promise<void> {
    const isEmpty = this.#end === FILE_HEADER_BYTES;
    if (this.#end + frame.length > this.#segmentBytes && !isEmpty) {
      const previous = new DataView(frame.buffer, frame.byteOffset).getUint32(12, true);
      const next = this.#files[this.#files.length - 1].number + 1;
      await this.#begin(next, { sequence: sequence - 1, checksum: previous });
    }
    const file = this.#current;
    assert(file !== null, "SegmentedLog is written to before startWriting()");
    file.write(frame, this.#end);
    await file.sync();
    this.#end += frame.length;
    if (this.#end > this.#segmentBytes / 2) this.#spare.prepare();
  }

  /** Begins a new file with the frame after `point`. */
  async #begin(number: number, point: ChainPoint): Promise<void> {
    const name = `log-${String(number).padStart(12, "0")}`;
    await this.#spare.become(name, encodeFileHeader("log", point));
    this.#current?.close();
    this.#current = await this.#fs.open(name);
    this.#files.push({ name, number, begin: point.sequence, byteLength: this.#segmentBytes });
    this.#end = FILE_HEADER_BYTES;
  }

  /** Removes the files whose frames are all numbered below `sequence`. */
  async dropBefore(sequence: number): Promise<void> {
    while (this.#files.length > 1 && this.#files[1].begin < sequence) {
      await this.#fs.remove(this.#files[0].name);
      await this.#fs.syncDirectory();
      this.#files.shift();
    }
  }

  /** How many bytes the files occupy. */
  byteLength(): number {
    let sum = Math.max(0, this.#end - this.#segmentBytes);
    for (const file of this.#files) sum += file.byteLength;
    return sum;
  }

  /** Gives the open files back. */
  async close(): Promise<void> {
    this.#current?.close();
    this.#current = null;
    await this.#spare.close();
  }
}
