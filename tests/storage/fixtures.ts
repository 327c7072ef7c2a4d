import { configurationOf } from "../../src/raft/configuration.ts";
import { type Entry, EntryKind } from "../../src/raft/entry.ts";
import type { HardState } from "../../src/raft/hard_state.ts";
import type { Segment, SnapshotManifest } from "../../src/raft/snapshot.ts";
import type { LogBatch } from "../../src/storage/log_store.ts";

/** `byteLength` bytes that differ for different seeds. */
export function bytesOf(byteLength: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let state = (seed * 2_654_435_761) >>> 0;
  for (let i = 0; i < byteLength; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Entries of these terms, from `first` on. */
export function entriesFrom(first: number, terms: readonly number[], byteLength = 20): Entry[] {
  return terms.map((term, i) => ({
    term,
    index: first + i,
    kind: EntryKind.Command,
    data: bytesOf(byteLength, (first + i) * 31 + term),
  }));
}

/** `count` entries of one term. */
export function entriesOf(first: number, count: number, term = 1, byteLength = 20): Entry[] {
  return entriesFrom(first, new Array(count).fill(term), byteLength);
}

export function hardStateOf(term: number, vote = 0n, commit = 0): HardState {
  return { term, vote, commit };
}

export function batchOf(
  entries: readonly Entry[],
  hardState: HardState | null = null,
): LogBatch {
  return { hardState, entries };
}

/** A segment whose name follows from its content, as the contract wants it. */
export function segmentOf(seed: number, byteLength = 100): Segment {
  return { id: `s${seed}-${byteLength}`, byteLength, bytes: bytesOf(byteLength, seed) };
}

export function manifestOf(
  index: number,
  term: number,
  segments: readonly Segment[],
): SnapshotManifest {
  return {
    index,
    term,
    configuration: {
      ...configurationOf([3n, 1n, 0xffff_ffff_ffff_ffffn]),
      learners: [7n],
      autoLeave: true,
    },
    header: bytesOf(30, index),
    segments: segments.map(({ id, byteLength }) => ({ id, byteLength })),
  };
}
