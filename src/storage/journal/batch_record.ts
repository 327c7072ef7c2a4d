import { ByteReader, MalformedBytesError } from "../../base/byte_reader.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import { type Entry, EntryKind } from "../../raft/entry.ts";
import type { HardState } from "../../raft/hard_state.ts";

/*
 * The payload of a frame in the journal: one durable step of the log.
 *
 *   varint  first index that the log holds after this step; what is below has been forgotten
 *   varint  term
 *   8 bytes vote
 *   varint  commit
 *   varint  index of the first entry, or where the next one goes; the log is cut off there first
 *   varint  number of entries
 *           then for each entry: varint term, 1 byte kind, varint length, data
 *
 * Why the hard state is in every record: the last record alone then tells it, so that older ones can
 * be removed without looking for it.
 */

/** One durable step of the log, as the journal has it. */
export interface BatchRecord {
  /** The first index that the log may hold after this step. */
  readonly start: number;
  readonly hardState: HardState;
  /**
   * Where the entries go. They replace whatever the log holds from here on, also if there are none: a
   * log that a snapshot has replaced must not come back.
   */
  readonly first: number;
  /** Consecutive entries from `first` on. */
  readonly entries: readonly Entry[];
}

/** Appends the record to `writer`. */
export function writeBatchRecord(writer: ByteWriter, record: BatchRecord): void {
  const { start, hardState, first, entries } = record;
  writer.varint(start);
  writer.varint(hardState.term);
  writer.uint64(hardState.vote);
  writer.varint(hardState.commit);
  writer.varint(first);
  writer.varint(entries.length);
  for (const entry of entries) {
    writer.varint(entry.term);
    writer.byte(entry.kind);
    writer.bytes(entry.data);
  }
}

/** Reads a whole record. The entries' data are views into `bytes`. */
export function readBatchRecord(bytes: Uint8Array): BatchRecord {
  const reader = new ByteReader(bytes);
  const start = reader.varint();
  const hardState = { term: reader.varint(), vote: reader.uint64(), commit: reader.varint() };
  const first = reader.varint();
  const count = reader.varint();
  const entries: Entry[] = [];
  let index = first;
  for (let i = 0; i < count; i++) {
    const term = reader.varint();
    entries.push({ term, index: index++, kind: toKind(reader.byte()), data: reader.bytes() });
  }
  if (reader.remaining !== 0) {
    throw new MalformedBytesError(`Cannot read a batch: ${reader.remaining} bytes are left over`);
  }
  return { start, hardState, first, entries };
}

function toKind(byte: number): EntryKind {
  switch (byte) {
    case EntryKind.Empty:
    case EntryKind.Command:
    case EntryKind.Configuration:
      return byte;
    default:
      throw new MalformedBytesError(`Cannot read an entry: ${byte} is not a kind`);
  }
}
