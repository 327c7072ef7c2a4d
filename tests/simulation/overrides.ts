import { drawOptions, FAULT_KINDS, type FaultKind, type SimOptions } from "./sim_options.ts";

/** How a run is made smaller than its seed draws it. */
export interface Overrides {
  /** Fault kinds that do not happen. */
  readonly without: readonly FaultKind[];
  /** Whether the network neither loses, doubles nor damages anything by itself. */
  readonly calmNetwork: boolean;
  /** How long faults and clients go on; null for what the seed draws. */
  readonly stormMs: number | null;
}

/** A run as its seed draws it. */
export const NO_OVERRIDES: Overrides = { without: [], calmNetwork: false, stormMs: null };

/** The options of a seed, made smaller. */
export function optionsOf(seed: number, { without, calmNetwork, stormMs }: Overrides): SimOptions {
  const options = drawOptions(seed);
  const network = calmNetwork
    ? { ...options.network, lossRate: 0, duplicateRate: 0, corruptRate: 0 }
    : options.network;
  const faults = { ...options.faults };
  for (const kind of without) delete faults[kind];
  return { ...options, network, faults, stormMs: stormMs ?? options.stormMs };
}

/** The command that replays a run. */
export function replayCommand(seed: number, { without, calmNetwork, stormMs }: Overrides): string {
  const parts = [`deno task sim --seed ${seed}`];
  if (without.length > 0) parts.push(`--without ${without.join(",")}`);
  if (calmNetwork) parts.push("--calm-network");
  if (stormMs !== null) parts.push(`--storm ${stormMs}`);
  return parts.join(" ");
}

/** Reads fault kinds from a list with commas. @throws {TypeError} if one is unknown. */
export function parseKinds(text: string): FaultKind[] {
  return text.split(",").filter((name) => name !== "").map((name) => {
    const kind = FAULT_KINDS.find((known) => known === name);
    if (kind === undefined) {
      throw new TypeError(`There is no fault "${name}": there are ${FAULT_KINDS.join(", ")}`);
    }
    return kind;
  });
}
