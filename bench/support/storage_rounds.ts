/** Compares a log with a bare loop, in rounds that alternate between the two. */
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { crc32 } from "../../src/base/crc32.ts";
import { type Entry, EntryKind } from "../../src/raft/entry.ts";
import { writeBatchRecord } from "../../src/storage/journal/batch_record.ts";
import { beginFrame, endFrame } from "../../src/storage/journal/frame.ts";
import type { LogStore } from "../../src/storage/log_store.ts";

const ROUNDS = 41;
const ROUND_MS = 60;

/** The size of a batch. */
export interface Shape {
  readonly name: string;
  readonly entryCount: number;
  readonly entryBytes: number;
}

/** Makes the next batch durable. */
export type Step = () => Promise<unknown>;

/** The batches that are tried. */
export const SHAPES: readonly Shape[] = [
  { name: "1 x 300 B", entryCount: 1, entryBytes: 300 },
  { name: "1 x 4 KiB", entryCount: 1, entryBytes: 4096 },
  { name: "100 x 300 B", entryCount: 100, entryBytes: 300 },
];

function batchesOf(shape: Shape): () => Entry[] {
  const data = crypto.getRandomValues(new Uint8Array(shape.entryBytes));
  let index = 1;
  return () =>
    Array.from(
      { length: shape.entryCount },
      () => ({ term: 1, index: index++, kind: EntryKind.Command, data }),
    );
}

/** As many bytes as the journal writes for a batch. */
export function frameOf(shape: Shape): Uint8Array {
  const writer = new ByteWriter();
  beginFrame(writer);
  const hardState = { term: 1, vote: 1n, commit: 100_000 };
  writeBatchRecord(writer, { start: 1, hardState, first: 1, entries: batchesOf(shape)() });
  endFrame(writer, 100_000, 1, (bytes) => crc32(bytes));
  return writer.copy();
}

/** Opens the store. Each step appends a batch. */
export async function stepOfStore(store: LogStore, shape: Shape): Promise<Step> {
  await store.open();
  const batches = batchesOf(shape);
  return () => store.append({ hardState: null, entries: batches() });
}

async function batchesPerSecond(step: Step): Promise<number> {
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < ROUND_MS) {
    await step();
    count++;
  }
  return count / ((performance.now() - begin) / 1000);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** One line: the medians, and the median of the ratios of neighbouring rounds. */
export async function compare(
  name: string,
  shape: Shape,
  bare: Step,
  ours: Step,
): Promise<string> {
  const batches = batchesOf(shape);
  // Why the loop makes entries too: what the measurement itself costs is not the store's.
  const bareToo = (): Promise<unknown> => (batches(), bare());
  await batchesPerSecond(bareToo);
  await batchesPerSecond(ours);
  const rates: Array<{ bare: number; ours: number }> = [];
  for (let round = 0; round < ROUNDS; round++) {
    rates.push({ bare: await batchesPerSecond(bareToo), ours: await batchesPerSecond(ours) });
  }
  const bareRate = median(rates.map((rate) => rate.bare));
  const ourRate = median(rates.map((rate) => rate.ours));
  const ratio = median(rates.map((rate) => rate.ours / rate.bare));
  return `${name.padEnd(10)} ${shape.name.padEnd(12)} ${bareRate.toFixed(0).padStart(6)} bare/s ` +
    `${ourRate.toFixed(0).padStart(6)} ours/s  ratio ${ratio.toFixed(2)}  ` +
    `${(ourRate * shape.entryCount).toFixed(0)} entries/s`;
}
