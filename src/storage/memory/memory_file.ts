import type { Prng } from "../../base/prng.ts";

const SECTOR_BYTES = 512;

interface UnsyncedWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Bytes that grow as they are written to. */
class Content {
  #bytes = new Uint8Array(0);
  byteLength = 0;

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.byteLength));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, offset);
    this.byteLength = Math.max(this.byteLength, end);
  }

  truncate(byteLength: number): void {
    this.#bytes.fill(0, byteLength);
    this.byteLength = Math.min(this.byteLength, byteLength);
  }

  copy(): Uint8Array {
    return this.#bytes.slice(0, this.byteLength);
  }
}

/** A file in memory: what a reader sees now, and what a power loss would leave. */
export class MemoryFile {
  #visible = new Content();
  #durable = new Content();
  #unsynced: UnsyncedWrite[] = [];

  /** How many bytes a reader sees. */
  get byteLength(): number {
    return this.#visible.byteLength;
  }

  /** Writes that no sync has made durable. */
  get unsyncedCount(): number {
    return this.#unsynced.length;
  }

  /** What a reader sees, as bytes of their own. */
  read(): Uint8Array {
    return this.#visible.copy();
  }

  /** Writes without making it durable. */
  write(bytes: Uint8Array, offset: number): void {
    this.#visible.write(bytes, offset);
    this.#unsynced.push({ offset, bytes: bytes.slice() });
  }

  /** Makes the oldest `count` unsynced writes durable. */
  sync(count: number): void {
    for (const { offset, bytes } of this.#unsynced.splice(0, count)) {
      this.#durable.write(bytes, offset);
    }
  }

  /**
   * What a power loss does: unsynced writes are gone, or with a `prng` any part of them survives, in
   * any order: whole, its first bytes, or some of the sectors that it touches.
   */
  crash(prng: Prng | null): void {
    for (const write of this.#unsynced) if (prng !== null) this.#keepSome(write, prng);
    this.#unsynced = [];
    this.#visible = new Content();
    this.#visible.write(this.#durable.copy(), 0);
  }

  #keepSome({ offset, bytes }: UnsyncedWrite, prng: Prng): void {
    switch (prng.between(0, 4)) {
      case 0:
        return;
      case 1:
        this.#durable.write(bytes, offset);
        return;
      case 2:
        this.#durable.write(bytes.subarray(0, prng.between(0, bytes.length + 1)), offset);
        return;
      default:
        for (let at = 0; at < bytes.length;) {
          const end = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
          if (prng.chance(0.5)) this.#durable.write(bytes.subarray(at, end), offset + at);
          at = end;
        }
    }
  }

  /** Changes the durable bytes behind everybody's back, as a failing disk does. */
  damage(change: (bytes: Uint8Array) => Uint8Array): void {
    const changed = change(this.#durable.copy());
    this.#unsynced = [];
    for (const content of [this.#durable, this.#visible]) {
      content.truncate(0);
      content.write(changed, 0);
    }
  }
}
