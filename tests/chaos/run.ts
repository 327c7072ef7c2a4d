/**
 * Runs chaos for longer than the tests do: `deno task chaos --minutes 30` in simulated time, a seed
 * for each minute from `--seed` on, and `--real` in real time with processes that are killed.
 */
import { parseFlags } from "../../src/server/flags.ts";
import { say } from "../../tools/say.ts";
import { realChaos } from "./real_ground.ts";
import { simulateChaos } from "./simulated_ground.ts";

const MINUTE_MS = 60_000;

const flags = parseFlags([
  { name: "minutes", kind: "number", default: "3", help: "how long, in all" },
  { name: "seed", kind: "number", default: "1", help: "the first seed" },
  { name: "real", kind: "boolean", default: "false", help: "in real time, with real processes" },
], Deno.args);
const minutes = flags.number("minutes");
const first = flags.number("seed");
const runs = flags.boolean("real")
  ? [() => realChaos(first, minutes * MINUTE_MS)]
  : Array.from({ length: minutes }, (_, i) => () => simulateChaos(first + i, MINUTE_MS));
for (const [i, run] of runs.entries()) {
  const findings = await run();
  say(`seed ${first + i}: ${findings}`);
  for (const violation of findings.violations) say(`  ${violation}`);
  if (findings.violations.length > 0) Deno.exitCode = 1;
}
