import { assertEquals, fail } from "@std/assert";
import fc from "fast-check";
import { SeededPrng } from "../../../src/base/prng.ts";
import type { LogStore, RecoveredLog } from "../../../src/storage/log_store.ts";
import { MemoryDisk } from "../../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../../src/storage/memory/memory_log_store.ts";
import { differenceOf, EMPTY_MODEL, outcomesOf, randomSteps, type Step } from "../log_model.ts";

const SEGMENT_BYTES = 4096;

/** Seeds that found something once. */
const FOUND: Array<[number]> = [[781_299_513], [1_460_340_657]];

class PowerLoss extends Error {}

/** Lets so many operations of the disk take effect and none after them. */
function losePowerAfter(disk: MemoryDisk, operations: number): void {
  let left = operations;
  disk.onOperation = () => {
    if (left-- <= 0) throw new PowerLoss("the power is gone");
  };
}

async function settle(store: LogStore, steps: readonly Step[]): Promise<boolean> {
  const results = await Promise.allSettled(steps.map((step) => step.run(store)));
  return results.every((result) => result.status === "fulfilled");
}

/** A whole life of a log: random steps, and power losses in the middle of steps and recoveries. */
async function live(seed: number, rounds: number): Promise<void> {
  const prng = new SeededPrng(seed);
  const disk = new MemoryDisk();
  let model = EMPTY_MODEL;
  let epoch = 0;
  const history: string[] = [];

  const reopen = async (): Promise<[LogStore, RecoveredLog]> => {
    for (;;) {
      disk.onOperation = null;
      if (prng.chance(0.2)) losePowerAfter(disk, prng.between(0, 12));
      const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
      try {
        const recovered = await store.open();
        disk.onOperation = null;
        return [store, recovered];
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error;
        history.push("power loss in open");
        disk.crash(prng);
      }
    }
  };

  let [store, fresh] = await reopen();
  epoch = fresh.epoch;
  for (let round = 0; round < rounds; round++) {
    const steps = randomSteps(model, prng);
    history.push(steps.map((step) => step.name).join(" beside "));
    const willCrash = prng.chance(0.25);
    if (willCrash) losePowerAfter(disk, prng.between(0, 10));
    const isDone = await settle(store, steps);
    const outcomes = isDone
      ? [steps.reduce((before, step) => step.after(before), model)]
      : outcomesOf(model, steps);
    model = outcomes[0];
    if (!willCrash && prng.chance(0.9)) continue;
    if (willCrash) disk.crash(prng);
    else await store.close();
    history.push(willCrash ? "power loss" : "close");
    const [next, recovered] = await reopen();
    const differences = await Promise.all(outcomes.map((one) => differenceOf(recovered, one)));
    const found = differences.indexOf(null);
    if (found === -1) fail(`seed ${seed}: ${differences.join(", ")} after\n${history.join("\n")}`);
    if (recovered.epoch <= epoch) fail(`seed ${seed}: epoch ${recovered.epoch} came again`);
    epoch = recovered.epoch;
    store = next;
    model = outcomes[found];
  }
  await store.close();
}

Deno.test("the file log holds what the model says through any power losses", async () => {
  await fc.assert(fc.asyncProperty(fc.nat(), (seed) => live(seed, 60)), {
    numRuns: 100,
    examples: FOUND,
  });
});

Deno.test("the file log has all or nothing of each step, wherever the power goes", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const prng = new SeededPrng(seed);
    const disk = new MemoryDisk();
    const store = memoryLogStore(disk, { segmentBytes: SEGMENT_BYTES });
    await store.open();
    let model = EMPTY_MODEL;
    for (let i = 0; i < 12; i++) {
      const steps = randomSteps(model, prng);
      await settle(store, steps);
      model = steps.reduce((before, step) => step.after(before), model);
    }
    await store.close();
    const steps = randomSteps(model, prng);
    for (let operations = 0, isDone = false; !isDone; operations++) {
      for (const crashPrng of [null, new SeededPrng(1), new SeededPrng(2), new SeededPrng(3)]) {
        const copy = disk.clone();
        const doomed = memoryLogStore(copy, { segmentBytes: SEGMENT_BYTES });
        await doomed.open();
        losePowerAfter(copy, operations);
        isDone = await settle(doomed, steps);
        copy.crash(crashPrng);
        copy.onOperation = null;
        const again = memoryLogStore(copy, { segmentBytes: SEGMENT_BYTES });
        const recovered = await again.open();
        const outcomes = isDone ? outcomesOf(model, steps).slice(-1) : outcomesOf(model, steps);
        const differences = await Promise.all(outcomes.map((one) => differenceOf(recovered, one)));
        assertEquals(differences.includes(null), true, `seed ${seed}: ${differences.join()}`);
        await again.close();
      }
    }
  }
});
