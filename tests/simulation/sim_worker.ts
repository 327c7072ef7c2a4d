/// <reference lib="deno.worker" />
import { NO_OVERRIDES, optionsOf, type Overrides } from "./overrides.ts";
import { simulate } from "./simulation.ts";
import type { Violation } from "./verdict.ts";

/** What a worker tells of one run. */
export interface WorkerResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly simulatedMs: number;
  readonly eventCount: number;
  readonly counts: ReadonlyMap<string, number>;
}

declare const self: DedicatedWorkerGlobalScope;

/** Runs the seeds that it is sent, one after the other. */
self.onmessage = async (event: MessageEvent<{ seed: number; overrides?: Overrides }>) => {
  const { seed, overrides } = event.data;
  const { violation, simulatedMs, eventCount, counts } = await simulate(
    optionsOf(seed, overrides ?? NO_OVERRIDES),
  );
  const result: WorkerResult = { seed, violation, simulatedMs, eventCount, counts };
  self.postMessage(result);
};
