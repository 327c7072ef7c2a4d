import type { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { LeaseId } from "../base/ids.ts";
import { mergeField } from "./codec.ts";
import { bytes, enumeration, int64, int64Id, message, MessageSchema } from "./schema.ts";
import type { WireReader } from "./wire_reader.ts";

/** One key at one revision. */
export interface KeyValue {
  key: Uint8Array;
  /** The revision that created the key. */
  createRevision: number;
  /** The revision that changed the key last. */
  modRevision: number;
  /** Counts the changes since the key was created, from 1. */
  version: number;
  value: Uint8Array;
  /** The lease that the key ends with, or zero. */
  lease: LeaseId;
}

/** A key that is kept as bytes and writes its own fields, so that nobody has to take them out. */
export interface StoredKeyValue extends KeyValue {
  /** Key and value together are this long. */
  readonly contentBytes: number;
  writeFields(writer: ByteWriter): void;
}

/** The schema of {@linkcode KeyValue}. */
export const KeyValue: MessageSchema<KeyValue> = new MessageSchema<KeyValue>("mvccpb.KeyValue", {
  key: bytes(1),
  createRevision: int64(2),
  modRevision: int64(3),
  version: int64(4),
  value: bytes(5),
  lease: int64Id(6),
}, { zero: zeroKeyValue, merge: mergeKeyValue });

function zeroKeyValue(): KeyValue {
  return {
    key: EMPTY_BYTES,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    value: EMPTY_BYTES,
    lease: 0n,
  };
}

function mergeKeyValue(kv: KeyValue, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) kv.key = reader.bytes();
    else if (tag === 0x10) kv.createRevision = reader.int64();
    else if (tag === 0x18) kv.modRevision = reader.int64();
    else if (tag === 0x20) kv.version = reader.int64();
    else if (tag === 0x2a) kv.value = reader.bytes();
    else mergeField(KeyValue, kv, tag, reader);
  }
}

/** Reads a key from the reader. */
export function readKeyValue(reader: WireReader): KeyValue {
  const kv = zeroKeyValue();
  const outerEnd = reader.enter();
  mergeKeyValue(kv, reader);
  reader.leave(outerEnd);
  return kv;
}

/** What happened to a key. */
export const EventType = { PUT: 0, DELETE: 1 } as const;

/** One change of one key. */
export interface Event {
  /** One of {@linkcode EventType}. */
  type: number;
  /** The key after the change; of a deletion it carries only the key and the revision. */
  kv?: KeyValue;
  /** The key before the change, if the watch asked for it. */
  prevKv?: KeyValue;
}

/** The schema of {@linkcode Event}. */
export const Event: MessageSchema<Event> = new MessageSchema<Event>("mvccpb.Event", {
  type: enumeration(1, EventType),
  kv: message(2, () => KeyValue),
  prevKv: message(3, () => KeyValue),
}, { zero: zeroEvent, merge: mergeEvent });

function zeroEvent(): Event {
  return { type: EventType.PUT };
}

function mergeEvent(event: Event, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x12 && event.kv === undefined) event.kv = readKeyValue(reader);
    else if (tag === 0x1a && event.prevKv === undefined) event.prevKv = readKeyValue(reader);
    else mergeField(Event, event, tag, reader);
  }
}
