import type { Checksum } from "../journal/frame.ts";
import type { JournalContents, Medium } from "../journal/medium.ts";
import { damaged, META } from "../journal/object_record.ts";
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_BYTES } from "./file_header.ts";
import type { FileInfo, FileSystem } from "./file_system.ts";
import { SegmentedLog } from "./segmented_log.ts";
import { writeAndClose } from "./spare_file.ts";

/** The size of a file of the journal: large enough that a new one is rarely needed. */
export const SEGMENT_FILE_BYTES = 64 * 1_048_576;

const OBJECT_SUFFIX = ".obj";
const UNFINISHED_SUFFIX = ".tmp";

/**
 * A directory of files as a {@linkcode Medium}: the journal in `log-` files, each object in a file of
 * its own, which is written under another name, synced and then renamed.
 */
export class FileMedium implements Medium {
  readonly #fs: FileSystem;
  readonly #log: SegmentedLog;
  #listing: readonly FileInfo[] = [];
  readonly #objectBytes = new Map<string, number>();

  constructor(fs: FileSystem, segmentBytes: number = SEGMENT_FILE_BYTES) {
    this.#fs = fs;
    this.#log = new SegmentedLog(fs, segmentBytes);
  }

  get description(): string {
    return this.#fs.description;
  }

  get crc32(): Checksum {
    return this.#fs.crc32;
  }

  async lock(): Promise<void> {
    await this.#fs.lock();
    this.#listing = await this.#fs.list();
    for (const { name, byteLength } of this.#listing) {
      if (name.endsWith(OBJECT_SUFFIX)) this.#objectBytes.set(objectNameOf(name), byteLength);
    }
  }

  objectNames(): Promise<readonly string[]> {
    return Promise.resolve([...this.#objectBytes.keys()]);
  }

  async readObject(name: string): Promise<Uint8Array | null> {
    const fileName = fileNameOf(name);
    const bytes = await this.#fs.read(fileName);
    if (bytes === null) return null;
    decodeFileHeader("object", bytes, `${this.#fs.description}/${fileName}`);
    return bytes.subarray(FILE_HEADER_BYTES);
  }

  async readJournal(): Promise<JournalContents> {
    const contents = await this.#log.read(this.#listing);
    if (this.#log.isEmpty && this.#objectBytes.has(META)) {
      throw damaged(`${this.description}: the log files are missing`);
    }
    return contents;
  }

  async startWriting(): Promise<void> {
    for (const { name } of this.#listing) {
      if (name.endsWith(UNFINISHED_SUFFIX)) await this.#fs.remove(name);
    }
    await this.#log.startWriting();
    // Safety: the names that were found, of the manifest and of log files, are relied on from now on.
    await this.#fs.syncDirectory();
  }

  appendFrame(sequence: number, frame: Uint8Array): Promise<void> {
    return this.#log.append(sequence, frame);
  }

  dropFrames(sequence: number): Promise<void> {
    return this.#log.dropBefore(sequence);
  }

  async writeObject(name: string, bytes: Uint8Array): Promise<void> {
    const fileName = fileNameOf(name);
    const unfinished = fileName + UNFINISHED_SUFFIX;
    await writeAndClose(await this.#fs.create(unfinished), [encodeFileHeader("object"), bytes]);
    await this.#fs.rename(unfinished, fileName);
    await this.#fs.syncDirectory();
    this.#objectBytes.set(name, FILE_HEADER_BYTES + bytes.length);
  }

  async removeObject(name: string): Promise<void> {
    if (!this.#objectBytes.has(name)) return;
    await this.#fs.remove(fileNameOf(name));
    this.#objectBytes.delete(name);
  }

  byteLength(): number {
    let sum = this.#log.byteLength();
    for (const byteLength of this.#objectBytes.values()) sum += byteLength;
    return sum;
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#fs.close();
  }
}

/** The file of an object. Names are escaped, so that none can leave the directory. */
function fileNameOf(objectName: string): string {
  return encodeURIComponent(objectName) + OBJECT_SUFFIX;
}

function objectNameOf(fileName: string): string {
  return decodeURIComponent(fileName.slice(0, -OBJECT_SUFFIX.length));
}
