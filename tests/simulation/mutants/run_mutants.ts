/**
 * Plants known bugs one by one into a copy of the source and sees whether the simulator finds each
 * within its number of seeds. `deno task sim:mutants` runs all, with words only those whose names
 * have one of them, with `--rare` those that take long. The exit code is 1 if a bug stays hidden.
 */
import { say } from "../../../tools/say.ts";
import { type Mutant, MUTANTS, RARE_MUTANTS } from "./mutants.ts";
import { copyTree, mutate, sourceOf } from "./mutant_source.ts";

/** What became of one planted bug: the seed that found it and the rule it broke, or null. */
type Found = { readonly seed: number; readonly rule: string; readonly tookMs: number } | null;

async function hunt(mutant: Mutant, folder: string): Promise<Found> {
  const path = `${folder}/src/${mutant.file}`;
  const source = sourceOf(mutant);
  await Deno.writeTextFile(path, mutate(source, mutant));
  try {
    const startedMs = performance.now();
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--no-lock", "--config", `${folder}/deno.json`],
        `${folder}/tests/simulation/sim.ts`,
        ...["--seeds", `1..${mutant.seedsMax}`, "--failures", "1", "--no-shrink"],
      ],
      stderr: "inherit",
    }).output();
    const text = new TextDecoder().decode(stdout);
    const match = /^seed (\d+): ([a-z ]+):/m.exec(text);
    if (match === null) return null;
    const tookMs = performance.now() - startedMs;
    return { seed: Number(match[1]), rule: match[2], tookMs };
  } finally {
    await Deno.writeTextFile(path, source);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => arg !== "--rare");
  const chosen = (words.length < args.length ? RARE_MUTANTS : MUTANTS).filter(({ name, file }) =>
    words.length === 0 || words.some((word) => name.includes(word) || file.includes(word))
  );
  const folder = await Deno.makeTempDir({ prefix: "kvorum-mutants-" });
  let hidden = 0;
  try {
    await copyTree(folder);
    say("| planted bug | place | found by seed | as | seconds |\n| --- | --- | --- | --- | --- |");
    for (const mutant of chosen) {
      const found = await hunt(mutant, folder);
      if (found === null) hidden++;
      const what = found === null
        ? `NOT in ${mutant.seedsMax} | | `
        : `${found.seed} of ${mutant.seedsMax} | ${found.rule} | ${
          (found.tookMs / 1_000).toFixed(1)
        }`;
      say(`| ${mutant.name} | ${mutant.file} | ${what} |`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  say(`${chosen.length - hidden} of ${chosen.length} found`);
  return hidden === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
