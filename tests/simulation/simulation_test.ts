import { assert, assertEquals } from "@std/assert";
import { NO_OVERRIDES, optionsOf, replayCommand } from "./overrides.ts";
import { runSeeds } from "./run_seeds.ts";
import { simulate } from "./simulation.ts";

/** Fresh seeds in a run of the tests, where nobody waits for it and where somebody does. */
const FRESH_SEEDS = Deno.env.get("CI") === undefined ? 20 : 200;

/** The seeds that once showed a bug. */
function knownSeeds(): number[] {
  const text = Deno.readTextFileSync(new URL("seeds.txt", import.meta.url));
  return text.split("\n").filter((line) => /^\d+$/.test(line)).map(Number);
}

/** Seeds that nobody has run before, the same for the same commit. */
async function freshSeeds(): Promise<number[]> {
  const count = Number(Deno.env.get("KVORUM_SIM_SEEDS") ?? FRESH_SEEDS);
  const commit = Deno.env.get("KVORUM_SIM_COMMIT") ?? await headCommit();
  const first = parseInt(commit.slice(0, 10), 16);
  assert(Number.isSafeInteger(first), `A commit is a hexadecimal number, not "${commit}"`);
  return Array.from({ length: count }, (_, i) => first + i);
}

async function headCommit(): Promise<string> {
  try {
    const command = new Deno.Command("git", { args: ["rev-parse", "HEAD"] });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : "1";
  } catch {
    // A copy of the sources without their history has no commit.
    return "1";
  }
}

async function assertKept(seeds: readonly number[]): Promise<void> {
  const { failures } = await runSeeds(seeds, { workerCount: 2, failuresMax: 5 });
  const report = failures.map(({ seed, violation }) =>
    `${replayCommand(seed, NO_OVERRIDES)}   # ${violation.rule}: ${violation.text}`
  );
  assertEquals(report, [], "replay with the commands that are given");
}

Deno.test("Replica keeps its promises in the runs that once broke them", async () => {
  await assertKept(knownSeeds());
});

Deno.test("Replica keeps its promises in runs that nobody has seen", async () => {
  await assertKept(await freshSeeds());
});

Deno.test("simulate() gives the same run for the same seed, and another for another", async () => {
  const [a, b, c] = [await run(6), await run(6), await run(7)];
  assertEquals(a, b);
  assert(a.eventCount !== c.eventCount);
});

async function run(seed: number) {
  const options = optionsOf(seed, { ...NO_OVERRIDES, stormMs: 5_000 });
  const { violation, eventCount, simulatedMs, trace } = await simulate(options, true);
  return { violation, eventCount, simulatedMs, trace };
}
