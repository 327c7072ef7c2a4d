/** The page that `bench/browser.ts` measures in. */
import { openBrowserReplica } from "../../src/browser/mod.ts";

/** What was measured, in milliseconds and reads per second. */
export interface BrowserFigures {
  /** Until the page had a replica. */
  readonly openMs: number;
  /** Until a local read found all keys. */
  readonly readyMs: number;
  readonly readsOneByOne: number;
  readonly readsTogether: number;
}

const DURATION_MS = 2_000;
const TOGETHER = 256;

async function measure(endpoint: string, token: string, keyCount: number): Promise<BrowserFigures> {
  const startMs = performance.now();
  await using replica = await openBrowserReplica({
    worker: "/worker.js",
    endpoints: [endpoint],
    token,
  });
  const { client } = replica;
  const openMs = performance.now() - startMs;
  const local = { serializable: true };
  while ((await client.range({ prefix: "k" }, { ...local, limit: 1 })).count < keyCount) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  const readyMs = performance.now() - startMs;
  const readsPerSecond = async (together: number): Promise<number> => {
    const beginMs = performance.now();
    let reads = 0;
    while (performance.now() - beginMs < DURATION_MS) {
      const calls = Array.from({ length: together }, () => client.get("k5000", local));
      await Promise.all(calls);
      reads += together;
    }
    return reads / (performance.now() - beginMs) * 1_000;
  };
  return {
    openMs,
    readyMs,
    readsOneByOne: await readsPerSecond(1),
    readsTogether: await readsPerSecond(TOGETHER),
  };
}

Object.assign(globalThis, { measure });
