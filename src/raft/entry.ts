/** What an entry of the log is for. */
export const EntryKind = {
  /** The entry with which a leader opens its term (Raft §8); carries nothing. */
  Empty: 0,
  /** A batch of commands for the state machine. Raft never looks inside. */
  Command: 1,
  /** A change of the configuration, written by {@linkcode encodeConfigurationChange}. */
  Configuration: 2,
} as const;
/** One of the values of {@linkcode EntryKind}. */
export type EntryKind = typeof EntryKind[keyof typeof EntryKind];

/** One record of the replicated log. Never changed after it was made. */
export interface Entry {
  /** The term of the leader that created the entry. */
  readonly term: number;
  /** The position in the log; the first entry has index 1. */
  readonly index: number;
  /** What the entry is for. */
  readonly kind: EntryKind;
  /** The payload; empty for {@linkcode EntryKind.Empty}. */
  readonly data: Uint8Array;
}

/** What an entry adds to messages and memory beyond its payload, for counting bytes. */
export const ENTRY_OVERHEAD_BYTES = 16;

/** The bytes that an entry is counted with in limits. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}
