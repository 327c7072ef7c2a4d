import type { Violation } from "./verdict.ts";
import type { WorkerResult } from "./sim_worker.ts";

/** What many runs came to. */
export interface SeedsSummary {
  runCount: number;
  simulatedMs: number;
  eventCount: number;
  readonly counts: Map<string, number>;
  readonly failures: { readonly seed: number; readonly violation: Violation }[];
}

/** Choices for {@linkcode runSeeds}. */
export interface RunSeedsOptions {
  /** How many run at a time. */
  readonly workerCount: number;
  /** Begin no more runs after this many failures. */
  readonly failuresMax: number;
  readonly onResult?: (result: WorkerResult) => void;
}

/** Runs many seeds, on several cores. */
export async function runSeeds(
  seeds: Iterable<number>,
  { workerCount, failuresMax, onResult }: RunSeedsOptions,
): Promise<SeedsSummary> {
  const summary: SeedsSummary = {
    runCount: 0,
    simulatedMs: 0,
    eventCount: 0,
    counts: new Map(),
    failures: [],
  };
  const queue = seeds[Symbol.iterator]();
  const runners = Array.from({ length: workerCount }, async () => {
    const worker = new Worker(new URL("./sim_worker.ts", import.meta.url), { type: "module" });
    try {
      while (summary.failures.length < failuresMax) {
        const next = queue.next();
        if (next.done === true) break;
        const result = await ask(worker, next.value);
        add(summary, result);
        onResult?.(result);
      }
    } finally {
      worker.terminate();
    }
  });
  await Promise.all(runners);
  return summary;
}

function ask(worker: Worker, seed: number): Promise<WorkerResult> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<WorkerResult>) => resolve(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`Seed ${seed} stops its worker: ${event.message}`));
    };
    worker.postMessage({ seed });
  });
}

function add(summary: SeedsSummary, { seed, violation, ...result }: WorkerResult): void {
  summary.runCount++;
  summary.simulatedMs += result.simulatedMs;
  summary.eventCount += result.eventCount;
  for (const [kind, count] of result.counts) {
    summary.counts.set(kind, (summary.counts.get(kind) ?? 0) + count);
  }
  if (violation !== null) summary.failures.push({ seed, violation });
}
