import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";

/**
 * How far a batch may lag behind the newest batch of its origin and still be applied. A replica must
 * not send batch n + 1024 before it knows what became of batch n.
 */
export const PROPOSER_WINDOW = 1_024;

const WORDS = PROPOSER_WINDOW / 32;

interface Proposer {
  incarnation: number;
  /** The greatest number applied; zero for none. */
  newest: number;
  /**
   * A ring of bits, one for each number in (newest - PROPOSER_WINDOW, newest]: whether it was
   * applied. Invariant: numbers not in that range have no bits of their own.
   */
  readonly applied: Uint32Array;
}

/**
 * Which batches were applied, so that a batch which its origin sent twice counts once. One small
 * record for each origin; all of it is replicated state and part of the snapshot.
 *
 * Safety: what is older than the window counts as applied, and so does everything of an incarnation
 * before the newest seen. At worst a batch is lost, which its origin finds out, and never doubled.
 */
export class ProposerTable {
  readonly #proposers = new Map<MemberId, Proposer>();

  /** How many origins are known. */
  get size(): number {
    return this.#proposers.size;
  }

  /** Notes a batch as applied; false if it was already, or must be taken as if it was. */
  admit(origin: MemberId, incarnation: number, number: number): boolean {
    if (origin === 0n) return true;
    let proposer = this.#proposers.get(origin);
    if (proposer === undefined) {
      proposer = { incarnation, newest: 0, applied: new Uint32Array(WORDS) };
      this.#proposers.set(origin, proposer);
    } else if (incarnation < proposer.incarnation) {
      return false;
    } else if (incarnation > proposer.incarnation) {
      proposer.incarnation = incarnation;
      proposer.newest = 0;
      proposer.applied.fill(0);
    }
    if (number > proposer.newest) {
      advance(proposer, number);
    } else if (number <= proposer.newest - PROPOSER_WINDOW || hasBit(proposer.applied, number)) {
      return false;
    }
    setBit(proposer.applied, number);
    return true;
  }

  /** Drops an origin that will never propose again. */
  forget(origin: MemberId): void {
    this.#proposers.delete(origin);
  }

  /** Drops all origins. */
  clear(): void {
    this.#proposers.clear();
  }

  /** Writes the whole table. */
  snapshot(writer: ByteWriter): void {
    writer.varint(this.#proposers.size);
    for (const [origin, { incarnation, newest, applied }] of this.#proposers) {
      writer.uint64(origin);
      writer.varint(incarnation);
      writer.varint(newest);
      for (const word of applied) writer.uint32(word);
    }
  }

  /** Replaces the table by what `snapshot` wrote. */
  restore(reader: ByteReader): void {
    this.clear();
    const count = reader.varint();
    for (let i = 0; i < count; i++) {
      const origin = reader.uint64();
      if (this.#proposers.has(origin)) {
        throw new MalformedBytesError(`Cannot restore proposer ${origin}: it is there twice`);
      }
      const incarnation = reader.varint();
      const newest = reader.varint();
      const applied = new Uint32Array(WORDS);
      for (let at = 0; at < WORDS; at++) applied[at] = reader.uint32();
      this.#proposers.set(origin, { incarnation, newest, applied });
    }
  }
}

/** Moves the window up to `number` and clears the bits of the numbers that come into it. */
function advance(proposer: Proposer, number: number): void {
  if (number - proposer.newest >= PROPOSER_WINDOW) {
    proposer.applied.fill(0);
  } else {
    for (let fresh = proposer.newest + 1; fresh < number; fresh++) {
      proposer.applied[wordOf(fresh)] &= ~(1 << (fresh % 32));
    }
  }
  proposer.newest = number;
}

function wordOf(number: number): number {
  return Math.floor((number % PROPOSER_WINDOW) / 32);
}

function hasBit(applied: Uint32Array, number: number): boolean {
  return (applied[wordOf(number)] & (1 << (number % 32))) !== 0;
}

function setBit(applied: Uint32Array, number: number): void {
  applied[wordOf(number)] |= 1 << (number % 32);
}
