import type { Stream } from "./stream.ts";

/** How many of the last streams are remembered after they are closed. A power of two. */
const REMEMBERED = 1024;

/** The streams that are open, and what is known of those that were. */
export class StreamTable {
  readonly #open = new Map<number, Stream>();
  /** The highest identifier that the client has used. */
  lastId = 0;
  /** The identifier last opened in each slot, so that skipped ones can be told from closed ones. */
  readonly #opened = new Uint32Array(REMEMBERED);
  /** The identifier last reset by us in each slot: frames on their way to it are no fault. */
  readonly #reset = new Uint32Array(REMEMBERED);

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The open streams, oldest first. */
  all(): Iterable<Stream> {
    return this.#open.values();
  }

  /** The open stream with this identifier. */
  get(id: number): Stream | undefined {
    return this.#open.get(id);
  }

  /** Notes that the client used an identifier, whether or not a stream comes of it. */
  use(id: number): void {
    this.lastId = id;
    this.#opened[slotOf(id)] = id;
  }

  /** Adds an open stream. */
  add(stream: Stream): void {
    this.#open.set(stream.id, stream);
  }

  /** Removes a stream that is closed. */
  delete(id: number): void {
    this.#open.delete(id);
  }

  /** Notes that we have reset a stream, open or refused. */
  noteReset(id: number): void {
    this.#reset[slotOf(id)] = id;
  }

  /** Whether we reset this stream a short while ago. */
  wasReset(id: number): boolean {
    return this.#reset[slotOf(id)] === id;
  }

  /** Whether no stream had this identifier yet. */
  isIdle(id: number): boolean {
    return id > this.lastId || (id & 1) === 0;
  }

  /** Whether the client skipped this identifier; of those long past nobody knows. */
  wasSkipped(id: number): boolean {
    return this.#opened[slotOf(id)] < id;
  }
}

function slotOf(id: number): number {
  return (id >>> 1) & (REMEMBERED - 1);
}
