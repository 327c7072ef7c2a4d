import { MalformedBytesError } from "../../base/byte_reader.ts";
import type { Entry } from "../../raft/entry.ts";
import { EMPTY_HARD_STATE, type HardState } from "../../raft/hard_state.ts";
import type { SnapshotMeta } from "../../raft/snapshot.ts";
import { type BatchRecord, readBatchRecord } from "./batch_record.ts";
import type { Frame } from "./frame.ts";
import { LogShape } from "./log_shape.ts";
import { damaged } from "./object_record.ts";

/** The log that a journal adds up to. */
export interface ReplayedLog {
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
  readonly shape: LogShape;
  readonly notes: readonly string[];
}

/**
 * Adds up the records of a journal and holds the result against the newest snapshot. Pure. `place`
 * names the data in errors.
 */
export function replay(
  frames: readonly Frame[],
  snapshot: SnapshotMeta | null,
  place: string,
): ReplayedLog {
  const shape = new LogShape();
  let entries: Entry[] = [];
  let hardState = EMPTY_HARD_STATE;
  for (const frame of frames) {
    const record = readRecord(frame, place);
    hardState = record.hardState;
    shape.forgetBefore(record.start);
    if (record.entries.length > 0 && !shape.mayAppendAt(record.first)) {
      throw damaged(`${place}: entries are missing before record ${frame.sequence}`);
    }
    shape.append(frame.sequence, record.start, record.first, record.entries);
    entries = mergeEntries(entries, record);
  }
  const reached = (snapshot?.index ?? 0) + 1;
  if (shape.first !== null && shape.first > reached) {
    throw damaged(`${place}: the entries from ${reached} to ${shape.first - 1} are missing`);
  }
  const notes: string[] = [];
  if (snapshot !== null && shape.dropIfContradicts(snapshot.index, snapshot.term)) {
    if (entries.length > 0) {
      notes.push(
        `Dropped ${entries.length} entries that the snapshot at ${snapshot.index} replaces`,
      );
    }
    entries = [];
  }
  return { hardState, entries, shape, notes };
}

/** The entries of a log after one more step. Reuses the array where it can. */
function mergeEntries(entries: Entry[], record: BatchRecord): Entry[] {
  const kept = entries.length === 0 || entries[0].index >= record.start
    ? entries
    : entries.slice(record.start - entries[0].index);
  if (kept.length > 0) {
    kept.length = Math.min(kept.length, Math.max(0, record.first - kept[0].index));
  }
  for (const entry of record.entries) kept.push(entry);
  return kept;
}

function readRecord(frame: Frame, place: string): BatchRecord {
  try {
    return readBatchRecord(frame.payload);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    throw damaged(`${place}: record ${frame.sequence} cannot be read`, error);
  }
}
