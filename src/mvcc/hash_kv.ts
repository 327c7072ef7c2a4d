import { assert } from "../base/assert.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { crc32c } from "../base/crc32.ts";
import { isNewestAt, RECORD_BYTES_MIN } from "./compaction.ts";
import type { MvccReason } from "./key_value.ts";
import { RecordKeyValue } from "./record_key_value.ts";
import type { RevisionLog, RevisionReader } from "./revision_log.ts";
import type { Segment } from "./segment.ts";
import type { StoreView } from "./store_view.ts";

/** A sum over the history up to a revision, equal on all replicas that were compacted alike. */
export interface KvHash {
  hash: number;
  /** The revision that was hashed. */
  revision: number;
  compactRevision: number;
}

/** The name of etcd's bucket of revisions, which its hash begins with. */
const BUCKET_NAME = new Uint8Array([0x6b, 0x65, 0x79]);
const UNDERSCORE = 0x5f;
const TOMBSTONE_MARK = 0x74;

/** A pass that compactions have made begin anew so often does the rest at once, so that it ends. */
const RESTARTS_MAX = 3;

/**
 * CRC-32C over the revisions and key-values as etcd would store them, in steps between which the
 * store may change. Of the history up to the compact revision only what is still the newest of its
 * key counts, and no tombstone.
 *
 * Why: the sum must not depend on how far a replica's scrub is, so it goes by what compaction keeps,
 * not by what is still there. A new compaction takes away what this sum counts, so the pass begins
 * anew. Ref: etcd server/storage/mvcc/hash.go.
 */
export class HashPass {
  readonly #store: StoreView;
  readonly #askedRevision: number;
  readonly #writer = new ByteWriter(1024);
  #restarts = -1;
  #log: RevisionLog | null = null;
  #reader: RevisionReader;
  #compactRevision = 0;
  #revision = 0;
  /**
   * Records up to the compact revision count that are the newest of their key at this one: the one
   * that is hashed if any key is alive there; else the compact one, for etcd then hashes all that
   * compaction has left. 0 until that is known.
   */
  #newestAt = 0;
  #hash = 0;

  /** @param atRevision The last revision to be hashed; 0 for the newest at the first step. */
  constructor(store: StoreView, atRevision: number) {
    this.#store = store;
    this.#askedRevision = atRevision;
    this.#reader = store.log.readFrom(0);
  }

  /** Hashes records of about `budgetBytes` more. Gives null while there are more to come. */
  step(budgetBytes: number): KvHash | MvccReason | null {
    const { log, compactRevision } = this.#store;
    if (log !== this.#log || compactRevision !== this.#compactRevision) {
      const reason = this.#restart();
      if (reason !== null) return reason;
    }
    const budget = this.#restarts < RESTARTS_MAX ? budgetBytes : Infinity;
    if (this.#newestAt === 0 && !this.#findAlive(budget)) return null;
    return this.#run(budget);
  }

  #restart(): MvccReason | null {
    const { log, revision, compactRevision } = this.#store;
    const asked = this.#askedRevision;
    if (asked > 0 && asked < compactRevision) return "compacted";
    if (asked > revision) return "future revision";
    this.#restarts++;
    this.#log = log;
    this.#reader = log.readFrom(0);
    this.#compactRevision = compactRevision;
    this.#revision = asked === 0 ? revision : asked;
    const { aliveCount } = this.#store.tree;
    this.#newestAt = this.#revision === revision && aliveCount > 0 ? revision : 0;
    this.#hash = crc32c(BUCKET_NAME);
    return null;
  }

  /** Looks for a key that is alive at the revision; false when there are more records to look at. */
  #findAlive(budgetBytes: number): boolean {
    const reader = this.#reader;
    const revision = this.#revision;
    for (let doneBytes = 0; doneBytes < budgetBytes; doneBytes += RECORD_BYTES_MIN) {
      const ends = !reader.next() || reader.segment.main(reader.offset) > revision;
      if (!ends && !this.#isAlive(reader.segment, reader.offset, revision)) continue;
      this.#newestAt = ends ? this.#compactRevision : revision;
      this.#reader = this.#store.log.readFrom(0);
      return true;
    }
    return false;
  }

  #run(budgetBytes: number): KvHash | null {
    const writer = this.#writer;
    const reader = this.#reader;
    for (let doneBytes = 0; doneBytes < budgetBytes;) {
      if (!reader.next() || reader.segment.main(reader.offset) > this.#revision) {
        const [revision, compactRevision] = [this.#revision, this.#compactRevision];
        return { hash: this.#hash, revision, compactRevision };
      }
      const { segment, offset } = reader;
      doneBytes += Math.max(segment.recordBytes(offset), RECORD_BYTES_MIN);
      if (!this.#counts(segment, offset)) continue;
      writer.reset();
      writeStored(writer, segment, offset);
      this.#hash = crc32c(writer.view(), this.#hash);
    }
    return null;
  }

  /** The reader may be in a segment that a scrub has replaced; the records in it stay as they are. */
  #counts(segment: Segment, offset: number): boolean {
    if (segment.main(offset) > this.#compactRevision) return true;
    return this.#isAlive(segment, offset, this.#newestAt);
  }

  /** Whether a record is a value and the newest of its key at a revision. */
  #isAlive(segment: Segment, offset: number, revision: number): boolean {
    if (segment.isTombstone(offset)) return false;
    const { log, table } = this.#store;
    const entry = table.findRecord(segment, offset);
    return entry >= 0 && isNewestAt(log, table, entry, segment, offset, revision);
  }
}

/** The hash of {@linkcode HashPass}, at once. */
export function hashKv(store: StoreView, atRevision: number): KvHash | MvccReason {
  const result = new HashPass(store, atRevision).step(Infinity);
  assert(result !== null, "A pass without a budget ends in one step");
  return result;
}

/** A record's key and value in etcd's database: the revision, then the marshalled KeyValue. */
function writeStored(writer: ByteWriter, segment: Segment, offset: number): void {
  const tombstone = segment.isTombstone(offset);
  writeBigEndian64(writer, segment.main(offset));
  writer.byte(UNDERSCORE);
  writeBigEndian64(writer, segment.sub(offset));
  if (tombstone) writer.byte(TOMBSTONE_MARK);
  if (tombstone) {
    writer.byte(0x0a);
    writer.bytes(segment.key(offset));
  } else new RecordKeyValue(segment, offset).writeFields(writer);
}

function writeBigEndian64(writer: ByteWriter, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  for (const word of [high, value >>> 0]) {
    writer.byte(word >>> 24);
    writer.byte((word >>> 16) & 0xff);
    writer.byte((word >>> 8) & 0xff);
    writer.byte(word & 0xff);
  }
}
