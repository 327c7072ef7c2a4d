import { NO_OVERRIDES, optionsOf, type Overrides } from "./overrides.ts";
import { FAULT_KINDS } from "./sim_options.ts";
import { simulate } from "./simulation.ts";
import type { Violation } from "./verdict.ts";

/** A failing run with less in it. */
export interface Shrunk {
  readonly overrides: Overrides;
  readonly violation: Violation;
}

/** How many smaller runs are tried. */
const ATTEMPTS_MAX = 40;

/**
 * Looks for a run of the same seed that breaks the same promise with fewer faults and in less time:
 * it leaves out one thing after the other for as long as that goes.
 */
export async function shrink(seed: number, violation: Violation): Promise<Shrunk> {
  let best: Shrunk = { overrides: NO_OVERRIDES, violation };
  let attempts = 0;
  const attempt = async (change: Partial<Overrides>): Promise<boolean> => {
    if (attempts++ >= ATTEMPTS_MAX) return false;
    const overrides = { ...best.overrides, ...change };
    const { violation: found } = await simulate(optionsOf(seed, overrides));
    if (found?.rule !== violation.rule) return false;
    best = { overrides, violation: found };
    return true;
  };
  // Nothing that comes after the violation can have caused it.
  await attempt({ stormMs: Math.ceil(violation.atMs) + 1 });
  const { faults } = optionsOf(seed, NO_OVERRIDES);
  for (const kind of FAULT_KINDS) {
    if (faults[kind] === undefined) continue;
    await attempt({ without: [...best.overrides.without, kind] });
  }
  await attempt({ calmNetwork: true });
  while (await attempt({ stormMs: Math.ceil(best.violation.atMs / 2) }));
  return best;
}
