import { del, get, promisifyRequest, set } from "idb-keyval";
import { assert } from "../../base/assert.ts";
import { crc32 } from "../../base/crc32.ts";
import { type ChainPoint, follows, type Frame, pointBefore, readFrame } from "../journal/frame.ts";
import type { JournalContents, Medium } from "../journal/medium.ts";
import { damaged } from "../journal/object_record.ts";
import { WebLock } from "../web/web_lock.ts";
import { StrictStore } from "./strict_store.ts";

/** So many frames are read at a time. */
const READ_FRAMES = 256;

interface FrameRef {
  readonly sequence: number;
  readonly byteLength: number;
}

/**
 * IndexedDB as a {@linkcode Medium}: each frame whole under its sequence, each object under its name,
 * all in one object store. (Numbers come before strings in the order of its keys.) A batch is one key
 * in one transaction, since a transaction of many keys costs many times as much.
 */
export class IndexedDbMedium implements Medium {
  readonly description: string;
  readonly crc32 = (bytes: Uint8Array): number => crc32(bytes);
  readonly #databaseName: string;
  readonly #lock: WebLock;
  #open: StrictStore | null = null;
  #frames: FrameRef[] = [];
  #frameBytes = 0;
  readonly #objectBytes = new Map<string, number>();

  constructor(databaseName: string) {
    this.description = `IndexedDB "${databaseName}"`;
    this.#databaseName = databaseName;
    this.#lock = new WebLock(`kvorum-indexeddb-${databaseName}`);
  }

  get #store(): StrictStore {
    assert(this.#open !== null, "IndexedDbMedium is used before lock()");
    return this.#open;
  }

  async lock(): Promise<void> {
    await this.#lock.lock(this.description);
    this.#open = await StrictStore.open(this.#databaseName, this.description);
    const names = await this.#store.use(
      "readonly",
      (store) => promisifyRequest(store.getAllKeys(IDBKeyRange.lowerBound(""))),
    );
    for (const name of names) this.#objectBytes.set(String(name), 0);
  }

  async readObject(name: string): Promise<Uint8Array | null> {
    const bytes: unknown = await get(name, this.#store.use);
    if (bytes === undefined) return null;
    if (!(bytes instanceof Uint8Array)) throw damaged(`${this.description}: "${name}"`);
    this.#objectBytes.set(name, bytes.length);
    return bytes;
  }

  objectNames(): Promise<readonly string[]> {
    return Promise.resolve([...this.#objectBytes.keys()]);
  }

  async readJournal(): Promise<JournalContents> {
    const frames: Frame[] = [];
    let point: ChainPoint | null = null;
    for (;;) {
      const values = await this.#readFrom((point?.sequence ?? -1) + 1);
      for (const value of values) {
        const frame = value instanceof Uint8Array ? readFrame(value, 0, this.crc32) : null;
        if (frame === null || !follows(frame, point ?? pointBefore(frame))) {
          throw damaged(
            point === null
              ? `${this.description}: the first record`
              : `${this.description}: record ${point.sequence + 1}`,
          );
        }
        point = frame;
        frames.push(frame);
        this.#remember(frame.sequence, (value as Uint8Array).length);
      }
      if (values.length < READ_FRAMES) return { frames, notes: [] };
    }
  }

  #readFrom(sequence: number): Promise<unknown[]> {
    const range = IDBKeyRange.bound(sequence, Number.MAX_SAFE_INTEGER);
    return this.#store.use(
      "readonly",
      (store) => promisifyRequest(store.getAll(range, READ_FRAMES)),
    );
  }

  startWriting(): Promise<void> {
    return Promise.resolve();
  }

  async appendFrame(sequence: number, frame: Uint8Array): Promise<void> {
    // Why a copy: the browser would store the whole buffer behind a view.
    await set(sequence, frame.slice(), this.#store.use);
    this.#remember(sequence, frame.length);
  }

  #remember(sequence: number, byteLength: number): void {
    this.#frames.push({ sequence, byteLength });
    this.#frameBytes += byteLength;
  }

  async dropFrames(sequence: number): Promise<void> {
    let count = 0;
    while (count < this.#frames.length && this.#frames[count].sequence < sequence) count++;
    if (count === 0) return;
    await this.#store.use("readwrite", (store) => {
      store.delete(IDBKeyRange.bound(0, sequence, false, true));
      return promisifyRequest(store.transaction);
    });
    for (const frame of this.#frames.splice(0, count)) this.#frameBytes -= frame.byteLength;
  }

  async writeObject(name: string, bytes: Uint8Array): Promise<void> {
    await set(name, bytes.slice(), this.#store.use);
    this.#objectBytes.set(name, bytes.length);
  }

  async removeObject(name: string): Promise<void> {
    await del(name, this.#store.use);
    this.#objectBytes.delete(name);
  }

  byteLength(): number {
    let sum = this.#frameBytes;
    for (const byteLength of this.#objectBytes.values()) sum += byteLength;
    return sum;
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    this.#open?.close();
    this.#lock.unlock();
  }
}
