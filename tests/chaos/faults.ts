import { type Findings, type Ground, sleep, TROUBLES } from "./ground.ts";

/** How long a wire is left in peace, on average, and how long a trouble lasts. */
const PEACE_MS = 900;
const TROUBLE_MS = 2_500;

/** Lets wires break and heal until the signal, and then lets all of them be well. */
export async function breakWires(
  ground: Ground,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const prng = ground.prng.fork("faults");
  while (!signal.aborted) {
    await sleep(ground, prng.next() * 2 * PEACE_MS);
    const link = ground.links[prng.between(0, ground.links.length)];
    switch (prng.between(0, 4)) {
      case 0:
        findings.count("cuts");
        link.cut();
        break;
      case 1:
        findings.count("cuts in a frame");
        link.cutInFrame();
        break;
      default: {
        if (link.trouble !== null) break;
        const trouble = TROUBLES[prng.between(0, TROUBLES.length)];
        findings.count(`of ${trouble}`);
        link.trouble = trouble;
        ground.clock.after(prng.next() * 2 * TROUBLE_MS, () => {
          link.trouble = null;
          // What was lost on a stream of bytes cannot be made good: the connection is broken.
          link.cut();
        });
      }
    }
  }
}
