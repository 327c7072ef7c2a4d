/**
 * The simulator's command.
 *
 *     deno task sim --seed 7            replays one run and prints its trace
 *     deno task sim --seeds 1..1000     runs many, and shrinks what fails
 *
 * `--without KIND,…`, `--calm-network` and `--storm MS` make a run of one seed smaller, and `--lines N`
 * prints more of its trace; `--failures N` ends many runs after N that fail. The exit code is 1 if a promise was broken.
 */
import { parseArgs } from "node:util";
import { say } from "../../tools/say.ts";
import { optionsOf, type Overrides, parseKinds, replayCommand } from "./overrides.ts";
import { runSeeds, type SeedsSummary } from "./run_seeds.ts";
import { shrink } from "./shrink.ts";
import { describeOptions } from "./sim_options.ts";
import { simulate } from "./simulation.ts";

/** Failing seeds that are shrunk; more would only take time. */
const SHRUNK_MAX = 5;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string" },
      seeds: { type: "string" },
      without: { type: "string", default: "" },
      "calm-network": { type: "boolean", default: false },
      storm: { type: "string" },
      lines: { type: "string", default: "200" },
      jobs: { type: "string", default: "2" },
      failures: { type: "string", default: "20" },
      "no-shrink": { type: "boolean", default: false },
    },
  });
  if (values.seed !== undefined) {
    const overrides: Overrides = {
      without: parseKinds(values.without),
      calmNetwork: values["calm-network"],
      stormMs: values.storm === undefined ? null : Number(values.storm),
    };
    return await replay(Number(values.seed), overrides, Number(values.lines));
  }
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? "1..100");
  if (range === null) {
    say("Give --seed N for one run, or --seeds A..B for many");
    return 2;
  }
  const [from, to] = [Number(range[1]), Number(range[2])];
  const shrunkMax = values["no-shrink"] ? 0 : SHRUNK_MAX;
  return await many(from, to, Number(values.jobs), Number(values.failures), shrunkMax);
}

async function replay(seed: number, overrides: Overrides, lineCount: number): Promise<number> {
  const options = optionsOf(seed, overrides);
  say(describeOptions(options));
  const { violation, trace, counts, simulatedMs, eventCount } = await simulate(options, true);
  for (const line of trace.slice(-lineCount)) say(line);
  say(`${(simulatedMs / 1_000).toFixed(1)} simulated seconds, ${eventCount} events`);
  say(countsLine(counts));
  if (violation === null) {
    say("all promises are kept");
    return 0;
  }
  say(`broken: ${violation.rule}: ${violation.text}`);
  return 1;
}

async function many(
  from: number,
  to: number,
  workerCount: number,
  failuresMax: number,
  shrunkMax: number,
): Promise<number> {
  const startedMs = performance.now();
  const seeds = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const summary = await runSeeds(seeds, {
    workerCount,
    failuresMax,
    onResult: ({ seed, violation }) => {
      if (violation !== null) say(`seed ${seed}: ${violation.rule}: ${violation.text}`);
    },
  });
  say(summaryText(summary, performance.now() - startedMs));
  for (const { seed, violation } of summary.failures.slice(0, shrunkMax)) {
    const shrunk = await shrink(seed, violation);
    say(`${replayCommand(seed, shrunk.overrides)}   # ${shrunk.violation.rule}`);
  }
  return summary.failures.length === 0 ? 0 : 1;
}

function summaryText(summary: SeedsSummary, tookMs: number): string {
  const { runCount, simulatedMs, eventCount, counts, failures } = summary;
  const speed = simulatedMs / tookMs;
  return [
    `${runCount} runs, ${failures.length} failed; ${
      (simulatedMs / 3_600_000).toFixed(2)
    } simulated ` +
    `hours in ${(tookMs / 1_000).toFixed(1)} s: ${speed.toFixed(0)} times real time, ` +
    `${eventCount} events`,
    countsLine(counts),
  ].join("\n");
}

function countsLine(counts: ReadonlyMap<string, number>): string {
  return [...counts].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([kind, count]) => `${kind} ${count}`).join(", ");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
