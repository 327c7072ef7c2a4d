import { ByteWriter } from "../base/byte_writer.ts";
import { crc32c } from "../base/crc32.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import { isNewestAt } from "./compaction.ts";
import type { MvccReason } from "./key_value.ts";
import { NO_LEASE } from "./key_value.ts";
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

/**
 * CRC-32C over the revisions and key-values as etcd would store them. Of the history up to the
 * compact revision only what is still the newest of its key counts, and no tombstone.
 *
 * Why: the sum must not depend on how far a replica's scrub is, so it goes by what compaction keeps,
 * not by what is still there. Ref: etcd server/storage/mvcc/hash.go.
 */
export function hashKv(store: StoreView, atRevision: number): KvHash | MvccReason {
  const { log, table, compactRevision } = store;
  const revision = atRevision === 0 ? store.revision : atRevision;
  if (atRevision > 0 && revision < compactRevision) return "compacted";
  if (revision > store.revision) return "future revision";
  // When no key is alive at the revision, etcd hashes all that compaction has left.
  const newestAt = anyAliveAt(store, revision) ? revision : compactRevision;
  const writer = new ByteWriter(1024);
  let hash = crc32c(BUCKET_NAME);
  const reader = log.readFrom(0);
  while (reader.next()) {
    const { segment, offset } = reader;
    const main = segment.main(offset);
    if (main > revision) break;
    if (main <= compactRevision) {
      if (segment.isTombstone(offset)) continue;
      const entry = table.find(segment.key(offset));
      if (entry < 0 || !isNewestAt(log, table, entry, segment, offset, newestAt)) continue;
    }
    writer.reset();
    writeStored(writer, segment, offset);
    hash = crc32c(writer.view(), hash);
  }
  return { hash, revision, compactRevision };
}

function anyAliveAt(store: StoreView, revision: number): boolean {
  const cursor = store.tree.range({ start: EMPTY_BYTES, end: null });
  for (let entry = cursor.next(); entry >= 0; entry = cursor.next()) {
    if (store.locate(entry, revision)) return true;
  }
  return false;
}

/** A record's key and value in etcd's database: the revision, then the marshalled KeyValue. */
function writeStored(writer: ByteWriter, segment: Segment, offset: number): void {
  const tombstone = segment.isTombstone(offset);
  writeBigEndian64(writer, segment.main(offset));
  writer.byte(UNDERSCORE);
  writeBigEndian64(writer, segment.sub(offset));
  if (tombstone) writer.byte(TOMBSTONE_MARK);
  writer.byte(0x0a);
  writer.bytes(segment.key(offset));
  if (tombstone) return;
  writer.byte(0x10);
  writer.varint(segment.createRevision(offset));
  writer.byte(0x18);
  writer.varint(segment.main(offset));
  writer.byte(0x20);
  writer.varint(segment.version(offset));
  const value = segment.value(offset);
  if (value.length > 0) {
    writer.byte(0x2a);
    writer.bytes(value);
  }
  const lease = segment.lease(offset);
  if (lease !== NO_LEASE) {
    writer.byte(0x30);
    writer.varint64(lease);
  }
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
