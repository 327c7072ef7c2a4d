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
 *   varint  number of entries; the rest only if it is not zero
 *   varint  index of the first entry; the log is cut off there first
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
  /** Consecutive; they replace whatever the log holds from the first one's index on. */
  readonly entries: readonly Entry[];
}

/** Appends the record to `writer`. */
export function writeBatchRecord(writer: ByteWriter, record: BatchRecord): void {
  const { start, hardState, entries } = record;
  writer.varint(start);
  writer.varint(hardState.term);
  writer.uint64(hardState.vote);
  writer.varint(hardState.commit);
  writer.varint(entries.length);
  if (entries.length === 0) return;
  writer.varint(entries[0].index);
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
  const count = reader.varint();
  const entries: Entry[] = [];
  let index = count === 0 ? 0 : reader.varint();
  for (let i = 0; i < count; i++) {
    const term = reader.varint();
    entries.push({ term, index: index++, kind: toKind(reader.byte()), data: reader.bytes() });
  }
  if (reader.remaining !== 0) {
    throw new MalformedBytesError(`Cannot read a batch: ${reader.remaining} bytes are left over`);
  }
  return { start, hardState, entries };
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
