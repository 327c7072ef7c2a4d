/** How many operations a store has run since the program began, for those who watch over it. */
export interface OperationCounts {
  ranges: number;
  puts: number;
  deletes: number;
  /** Commands that held more than one of these. */
  txns: number;
  /** Keys and values that were put. */
  putBytes: number;
}

/** The counts of a store that has not run anything. */
export function noOperations(): OperationCounts {
  return { ranges: 0, puts: 0, deletes: 0, txns: 0, putBytes: 0 };
}
