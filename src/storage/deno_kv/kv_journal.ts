import { assert } from "../../base/assert.ts";
import { concatBytes } from "../../base/bytes.ts";
import {
  type ChainPoint,
  type Checksum,
  follows,
  type Frame,
  frameBytes,
  pointBefore,
  readFrame,
  readFrameHeader,
} from "../journal/frame.ts";
import type { JournalContents } from "../journal/medium.ts";
import { damaged } from "../journal/object_record.ts";
import type { FencedKv } from "./fenced_kv.ts";
import { COMMIT_PAGES_MAX, COMMIT_REMOVALS_MAX, pagesOf, VALUE_BYTES_MAX } from "./kv_limits.ts";

/** The pages of one frame, as they are stored under its sequence. */
interface StoredFrame {
  readonly sequence: number;
  /** The first page that is still there. */
  readonly firstPage: number;
  readonly pages: readonly Uint8Array[];
}

/** A page of the journal that may be removed some day. */
interface PageRef {
  readonly sequence: number;
  readonly page: number;
  readonly byteLength: number;
}

/**
 * The journal in Deno KV: each frame cut into pages under `[..., sequence, page]`. A frame counts from
 * the moment its last page is there, which the last of its commits writes; usually there is one.
 */
export class KvJournal {
  readonly #kv: FencedKv;
  readonly #prefix: Deno.KvKey;
  #pages: PageRef[] = [];
  #leftovers: PageRef[] = [];
  #byteLength = 0;

  constructor(kv: FencedKv, prefix: Deno.KvKey) {
    this.#kv = kv;
    this.#prefix = prefix;
  }

  /** Reads all frames. */
  async read(crc32: Checksum): Promise<JournalContents> {
    const frames: Frame[] = [];
    const notes: string[] = [];
    let point: ChainPoint | null = null;
    let cutShort: StoredFrame | null = null;
    for await (const stored of this.#storedFrames()) {
      const place = `${this.#kv.description}: record ${stored.sequence}`;
      if (cutShort !== null) throw damaged(`${this.#kv.description}: record ${cutShort.sequence}`);
      // Removal goes page by page from the oldest on, so the oldest frame may lack its beginning.
      if (stored.firstPage > 0 && point === null) {
        this.#leftovers.push(...refsOf(stored));
        continue;
      }
      const bytes = stored.pages.length === 1 ? stored.pages[0] : concatBytes(stored.pages);
      const frame = stored.firstPage === 0 ? readFrame(bytes, 0, crc32) : null;
      if (frame === null) {
        if (!isCutShort(stored, bytes)) throw damaged(place);
        cutShort = stored;
        continue;
      }
      if (frame.sequence !== stored.sequence || !follows(frame, point ?? pointBefore(frame))) {
        throw damaged(`${place}: it does not follow the one before it`);
      }
      point = frame;
      frames.push(frame);
      this.#remember(refsOf(stored));
    }
    if (cutShort !== null) {
      this.#leftovers.push(...refsOf(cutShort));
      notes.push(`Removed record ${cutShort.sequence}, which was not finished`);
    }
    return { frames, notes };
  }

  async *#storedFrames(): AsyncGenerator<StoredFrame> {
    let pages: Uint8Array[] = [];
    let sequence = -1;
    let firstPage = 0;
    for await (const { key, value } of this.#kv.list(this.#prefix)) {
      const [nextSequence, page] = key.slice(-2);
      if (
        typeof nextSequence !== "number" || typeof page !== "number" ||
        !(value instanceof Uint8Array)
      ) {
        throw damaged(`${this.#kv.description}: a page of the journal is not one`);
      }
      if (nextSequence !== sequence) {
        if (pages.length > 0) yield { sequence, firstPage, pages };
        [sequence, firstPage, pages] = [nextSequence, page, []];
      }
      if (page !== firstPage + pages.length) {
        throw damaged(`${this.#kv.description}: record ${sequence}: a page is missing`);
      }
      pages.push(value);
    }
    if (pages.length > 0) yield { sequence, firstPage, pages };
  }

  /** Removes what an interrupted write or removal left. */
  async removeLeftovers(): Promise<void> {
    await this.#remove(this.#leftovers);
    this.#leftovers = [];
  }

  /** Makes a frame durable. */
  async append(sequence: number, frame: Uint8Array): Promise<void> {
    const pages = pagesOf(frame);
    const refs = refsOf({ sequence, firstPage: 0, pages });
    for (let from = 0; from < pages.length; from += COMMIT_PAGES_MAX) {
      await this.#kv.commit((operation) => {
        for (let page = from; page < Math.min(pages.length, from + COMMIT_PAGES_MAX); page++) {
          operation.set([...this.#prefix, sequence, page], pages[page]);
        }
      });
    }
    this.#remember(refs);
  }

  #remember(refs: readonly PageRef[]): void {
    for (const ref of refs) {
      this.#pages.push(ref);
      this.#byteLength += ref.byteLength;
    }
  }

  /** Removes all frames below `sequence`, oldest first, a few at a time. */
  async dropBefore(sequence: number): Promise<void> {
    let count = this.#pages.findIndex((ref) => ref.sequence >= sequence);
    if (count === -1) count = this.#pages.length;
    const dropped = this.#pages.slice(0, count);
    this.#pages = this.#pages.slice(count);
    await this.#remove(dropped);
    for (const ref of dropped) this.#byteLength -= ref.byteLength;
  }

  async #remove(refs: readonly PageRef[]): Promise<void> {
    for (let from = 0; from < refs.length; from += COMMIT_REMOVALS_MAX) {
      await this.#kv.commit((operation) => {
        for (const { sequence, page } of refs.slice(from, from + COMMIT_REMOVALS_MAX)) {
          operation.delete([...this.#prefix, sequence, page]);
        }
      });
    }
    assert(this.#byteLength >= 0, "KvJournal removes more than it holds");
  }

  /** How many bytes the frames occupy. */
  byteLength(): number {
    return this.#byteLength;
  }
}

function refsOf({ sequence, firstPage, pages }: StoredFrame): PageRef[] {
  return pages.map((bytes, i) => ({ sequence, page: firstPage + i, byteLength: bytes.length }));
}

/** Whether the frame lacks nothing but its last commits. */
function isCutShort(stored: StoredFrame, bytes: Uint8Array): boolean {
  const header = readFrameHeader(bytes, 0);
  return header !== null && stored.firstPage === 0 &&
    bytes.length < frameBytes(header.payloadBytes) &&
    bytes.length % (COMMIT_PAGES_MAX * VALUE_BYTES_MAX) === 0;
}
