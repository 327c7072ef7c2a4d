import type { LeaseId } from "../base/ids.ts";
import { bytes, enumeration, int64, int64Id, message, MessageSchema } from "./schema.ts";

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

/** The schema of {@linkcode KeyValue}. */
export const KeyValue: MessageSchema<KeyValue> = new MessageSchema<KeyValue>("mvccpb.KeyValue", {
  key: bytes(1),
  createRevision: int64(2),
  modRevision: int64(3),
  version: int64(4),
  value: bytes(5),
  lease: int64Id(6),
});

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
});
