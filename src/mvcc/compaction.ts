import { SEGMENT_BYTES, SEGMENT_RECORDS_MAX } from "../base/limits.ts";
import { EXPECTED_MAX, type KeyTable } from "./key_table.ts";
import type { KeyTree } from "./key_tree.ts";
import type { RevisionLog } from "./revision_log.ts";
import type { Segment } from "./segment.ts";

/** In a step's budget a record counts for at least so many bytes: small ones cost no less to judge. */
export const RECORD_BYTES_MIN = Math.ceil(SEGMENT_BYTES / SEGMENT_RECORDS_MAX);

/** How far the removal of superfluous records has come. It is part of a snapshot. */
export interface ScrubState {
  /** Segments that begin before this revision are to be looked at. */
  endMain: number;
  endSub: number;
  /** How many segments at the log's beginning are done. */
  done: number;
}

/**
 * Whether compaction keeps a record: everything at or after the compact revision, and of each key
 * the newest value before it, if the key was alive then. A tombstone exactly at the compact revision
 * stays, so that a watch from there hears of the delete; an older one says nothing that its absence
 * would not say.
 *
 *   history of a key       put 2, put 4, delete 6, put 8
 *   compacted at 3         put 2, put 4, delete 6, put 8
 *   compacted at 4                put 4, delete 6, put 8
 *   compacted at 6                       delete 6, put 8
 *   compacted at 7                                 put 8
 */
export function isKept(
  log: RevisionLog,
  table: KeyTable,
  segment: Segment,
  offset: number,
  compactRevision: number,
): boolean {
  if (segment.main(offset) >= compactRevision) return true;
  if (segment.isTombstone(offset)) return false;
  const entry = table.findRecord(segment, offset);
  return isNewestAt(log, table, entry, segment, offset, compactRevision);
}

/** Whether a record is the newest of its key, which has this entry, at or before a revision. */
export function isNewestAt(
  log: RevisionLog,
  table: KeyTable,
  entry: number,
  segment: Segment,
  offset: number,
  revision: number,
): boolean {
  return log.seek(table.segment(entry), table.offset(entry), revision) &&
    log.segment.main(log.offset) === segment.main(offset) &&
    log.segment.sub(log.offset) === segment.sub(offset);
}

/**
 * Looks at the next segments of a compaction, up to about `budgetBytes` of records but at least one,
 * and takes out what is superfluous. Tells whether everything is done.
 *
 * The result depends on the log's content alone: a segment is kept as it is, dropped, or rewritten,
 * and what is rewritten, or small, is joined with the segment before it while both fit into one.
 */
export function scrubStep(
  log: RevisionLog,
  table: KeyTable,
  tree: KeyTree,
  compactRevision: number,
  state: ScrubState,
  budgetBytes: number,
): boolean {
  let looked = 0;
  while (looked === 0 || looked < budgetBytes) {
    const segment = log.segments[state.done];
    if (!segment.sealed || !beginsBefore(segment, state)) return true;
    looked += Math.max(segment.length, segment.count * RECORD_BYTES_MIN);
    scrubSegment(log, table, tree, compactRevision, state);
  }
  const next = log.segments[state.done];
  return !next.sealed || !beginsBefore(next, state);
}

function beginsBefore(segment: Segment, state: ScrubState): boolean {
  return segment.firstMain < state.endMain ||
    (segment.firstMain === state.endMain && segment.firstSub < state.endSub);
}

function scrubSegment(
  log: RevisionLog,
  table: KeyTable,
  tree: KeyTree,
  compactRevision: number,
  state: ScrubState,
): void {
  const segment = log.segments[state.done];
  const kept = segment.garbageFrom <= compactRevision
    ? keptOffsets(log, table, segment, compactRevision)
    : null;
  const keptCount = kept === null ? segment.count : kept.length;
  const keptBytes = kept === null
    ? segment.length
    : kept.reduce((sum, offset) => sum + segment.recordBytes(offset), 0);
  const before = state.done > 0 ? log.segments[state.done - 1] : null;
  const whole = keptBytes === segment.length;
  const small = segment.length < log.segmentBytes / 4;
  const joins = keptBytes > 0 && before !== null && (!whole || small) &&
    before.length + keptBytes <= log.segmentBytes &&
    before.count + keptCount <= SEGMENT_RECORDS_MAX;
  if (whole && !joins) {
    if (kept !== null) segment.garbageFrom = compactRevision + 1;
    state.done++;
    return;
  }
  const sources: [Segment, readonly number[]][] = [[segment, kept ?? allOffsets(segment)]];
  if (joins) sources.unshift([before, allOffsets(before)]);
  const replacement = keptBytes === 0 ? null : copyRecords(log, table, sources, keptBytes);
  dropEntries(table, tree, segment, compactRevision);
  const first = joins ? state.done - 1 : state.done;
  if (replacement !== null) {
    replacement.garbageFrom = Math.max(
      compactRevision + 1,
      Math.min(...sources.map(([source]) => source.garbageFrom)),
    );
  }
  log.replace(first, sources.length, replacement);
  state.done = replacement === null ? first : first + 1;
}

function keptOffsets(
  log: RevisionLog,
  table: KeyTable,
  segment: Segment,
  compactRevision: number,
): number[] {
  const kept: number[] = [];
  forEachRecord(table, segment, allOffsets(segment), (offset) => {
    if (isKept(log, table, segment, offset, compactRevision)) kept.push(offset);
  });
  return kept;
}

/** Visits records whose keys are going to be looked up. */
function forEachRecord(
  table: KeyTable,
  segment: Segment,
  offsets: readonly number[],
  visit: (offset: number) => void,
): void {
  for (let from = 0; from < offsets.length; from += EXPECTED_MAX) {
    const some = offsets.slice(from, from + EXPECTED_MAX);
    for (const offset of some) table.expectRecord(segment, offset);
    table.touchExpected();
    some.forEach(visit);
  }
}

function allOffsets(segment: Segment): number[] {
  return Array.from({ length: segment.count }, (_, ordinal) => segment.offsetAt(ordinal));
}

/** A sealed segment of the given records. Keys whose newest record moves are told where it is. */
function copyRecords(
  log: RevisionLog,
  table: KeyTable,
  sources: readonly [Segment, readonly number[]][],
  keptBytes: number,
): Segment {
  let capacity = keptBytes;
  if (sources.length > 1) capacity += sources[0][0].length;
  const target = log.newSegment(capacity);
  for (const [source, offsets] of sources) {
    forEachRecord(table, source, offsets, (offset) => {
      const byteCount = source.recordBytes(offset);
      const to = target.allocate(byteCount, source.main(offset), capacity);
      target.bytes.set(source.part(offset, byteCount), to);
      const entry = table.findRecord(source, offset);
      if (table.foundSegment === source && table.foundOffset === offset) {
        table.set(entry, target, to, !source.isTombstone(offset));
      }
    });
  }
  target.seal();
  return target;
}

/** Forgets the keys whose newest record is a tombstone here that compaction does not keep. */
function dropEntries(
  table: KeyTable,
  tree: KeyTree,
  segment: Segment,
  compactRevision: number,
): void {
  for (const offset of allOffsets(segment)) {
    if (!segment.isTombstone(offset) || segment.main(offset) >= compactRevision) continue;
    const entry = table.findRecord(segment, offset);
    if (entry < 0 || table.foundSegment !== segment || table.foundOffset !== offset) continue;
    const key = segment.key(offset);
    tree.remove(key);
    table.remove(key, entry);
  }
}
