import { assertEquals } from "@std/assert";
import { inSteps } from "../../src/replica/snapshot_keeper.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import { manifestOf, segmentOf } from "../storage/fixtures.ts";
import { ManualClock } from "../transport/manual_clock.ts";

const SEGMENTS = Array.from({ length: 10 }, (_, i) => segmentOf(i));

/** Lets everything run that waits for nothing but other promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
}

Deno.test("inSteps() gives others their turn when segments take their time", async () => {
  const clock = new ManualClock();
  const saved: string[] = [];
  const saving = (async () => {
    for await (const { id } of inSteps(SEGMENTS, clock)) {
      saved.push(id);
      clock.advance(2);
    }
  })();
  for (const count of [2, 4, 6, 8]) {
    await settle();
    assertEquals([saved.length, clock.timers], [count, 1]);
    clock.advance(0);
  }
  await saving;
  assertEquals(saved, SEGMENTS.map(({ id }) => id));
});

Deno.test("inSteps() lets a storage save all segments that take no time in one go", async () => {
  const clock = new ManualClock();
  const store = memoryLogStore();
  await store.open();
  await store.saveSnapshot(manifestOf(1, 1, SEGMENTS), inSteps(SEGMENTS, clock));
  assertEquals(clock.timers, 0);
  await store.close();
});
