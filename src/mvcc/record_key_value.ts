import type { ByteWriter } from "../base/byte_writer.ts";
import { type KeyValue, NO_LEASE } from "./key_value.ts";
import * as at from "./record.ts";
import type { Segment } from "./segment.ts";

/**
 * The key-value that a record holds, read when it is asked for; of a tombstone only key and revision
 * are set.
 *
 * Why: an answer of many keys, or an event for a watcher, then costs one small object each and not
 * one cache miss, and its bytes go from the segment straight to where they are wanted. Each time the
 * key or the value is asked for, a view is made.
 */
export class RecordKeyValue implements KeyValue {
  readonly segment: Segment;
  readonly offset: number;

  constructor(segment: Segment, offset: number) {
    this.segment = segment;
    this.offset = offset;
  }

  get key(): Uint8Array {
    return this.segment.key(this.offset);
  }

  get createRevision(): number {
    return this.segment.createRevision(this.offset);
  }

  get modRevision(): number {
    return this.segment.main(this.offset);
  }

  get version(): number {
    return this.segment.version(this.offset);
  }

  get value(): Uint8Array {
    return this.segment.value(this.offset);
  }

  get lease(): bigint {
    return this.segment.lease(this.offset);
  }

  /** Key and value together are this long. */
  get contentBytes(): number {
    return this.segment.keyBytes(this.offset) + this.segment.valueBytes(this.offset);
  }

  /** Appends the fields in protobuf's form, as etcd's mvccpb.KeyValue has them. */
  writeFields(writer: ByteWriter): void {
    const { segment, offset } = this;
    const { view } = segment;
    const keyBytes = segment.keyBytes(offset);
    const valueBytes = segment.valueBytes(offset);
    const keyStart = offset + at.RECORD_HEADER_BYTES;
    writer.byte(0x0a);
    writer.slice(view, keyStart, keyStart + keyBytes);
    if (!segment.isTombstone(offset)) {
      writer.byte(0x10);
      writer.varint(view.getFloat64(offset + at.AT_CREATE, true));
    }
    writer.byte(0x18);
    writer.varint(view.getFloat64(offset + at.AT_MAIN, true));
    if (segment.isTombstone(offset)) return;
    writer.byte(0x20);
    writer.varint(view.getFloat64(offset + at.AT_VERSION, true));
    if (valueBytes > 0) {
      writer.byte(0x2a);
      writer.slice(view, keyStart + keyBytes, keyStart + keyBytes + valueBytes);
    }
    const lease = segment.lease(offset);
    if (lease === NO_LEASE) return;
    writer.byte(0x30);
    writer.varint64(lease);
  }
}
