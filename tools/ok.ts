/**
 * The gate: everything that must hold before a change counts as done. One line per step with its
 * time; a failing step prints what it found and what to do about it.
 *
 * `deno task ok` runs all of it, `deno task ok lint layers` the steps named.
 */
import { checkBundle } from "./check_bundle.ts";
import { checkLayers, entryPoints } from "./check_layers.ts";
import { checkPlatform } from "./check_platforms.ts";
import { checkTidy } from "./check_tidy.ts";
import { runDeno, type RunOptions } from "./run_deno.ts";
import { say } from "./say.ts";

/** One check of the gate. */
export interface Step {
  readonly name: string;
  /** What a person does when it fails. */
  readonly advice: string;
  /** Answers what is wrong below `root`; nothing, where all is well. */
  readonly run: (root: string) => Promise<string[]>;
}

/** A step that is one of Deno's own commands: what it prints is what is wrong. */
function command(
  name: string,
  args: readonly string[],
  advice: string,
  options: RunOptions = {},
): Step {
  const run = async (root: string): Promise<string[]> => {
    const { ok, output } = await runDeno(root, args, options);
    return ok ? [] : [output.trim()];
  };
  return { name, advice, run };
}

async function checkDocs(root: string): Promise<string[]> {
  const { ok, output } = await runDeno(root, ["doc", "--lint", ...entryPoints(root)]);
  return ok ? [] : [output.trim()];
}

const TABLE_ADVICE =
  "tools/layers.ts is the table; for a cycle, move what both files need to a third";

/** The steps that look at the code without running it. */
export const CHECKS: readonly Step[] = [
  command(
    "types",
    ["check", "--quiet", "--frozen"],
    "where the lock is out of date: `deno install`, and commit deno.lock",
  ),
  command("format", ["fmt", "--check"], "run: deno fmt"),
  command("lint", ["lint"], "the hints say it; tools/lint/rooms.ts has our own rules"),
  { name: "layers", advice: TABLE_ADVICE, run: checkLayers },
  {
    name: "pure rooms",
    advice: "pass it in from the rim: a Clock, a Prng, bytes",
    run: (root) => checkPlatform(root, "ecmascript"),
  },
  {
    name: "web rooms",
    advice: "use what browsers and Deno share, or move it to an adapter or src/server",
    run: (root) => checkPlatform(root, "web"),
  },
  {
    name: "deno rooms",
    advice: "a server has no window, document or indexedDB",
    run: (root) => checkPlatform(root, "deno"),
  },
  {
    name: "browser bundle",
    advice: "an entry point for browsers reaches server code; follow the file it names",
    run: checkBundle,
  },
  { name: "docs", advice: "every export has a sentence and explicit types", run: checkDocs },
  command(
    "publish",
    ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    "this is what the registry would refuse",
  ),
  command(
    "examples",
    ["test", "--doc", "--quiet", "-A", "--unstable-kv", "mod.ts", "src", "docs", "README.md"],
    "an example must run as it stands; what cannot goes into a function",
    { limitMs: 600_000 },
  ),
  {
    name: "tidy",
    advice: "see tools/check_tidy.ts",
    run: (root) => Promise.resolve(checkTidy(root)),
  },
];

const TESTS_LIMIT_MS = 13 * 60_000;

/** Runs `steps` two at a time and answers the names of those that failed. */
export async function runSteps(root: string, steps: readonly Step[]): Promise<string[]> {
  const waiting = [...steps];
  const failed: string[] = [];
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const startMs = performance.now();
      const problems = await problemsOf(step, root);
      tell(step.name, problems.length === 0, performance.now() - startMs);
      if (problems.length === 0) continue;
      failed.push(step.name);
      say(problems.map((problem) => problem.replace(/^/gm, "    ")).join("\n"));
      say(`  what to do: ${step.advice}\n`);
    }
  };
  await Promise.all([worker(), worker()]);
  return failed;
}

/** A check that cannot do its work has failed. */
async function problemsOf(step: Step, root: string): Promise<string[]> {
  try {
    return await step.run(root);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function tell(name: string, ok: boolean, ms: number): void {
  say(`${ok ? "ok    " : "FAILED"} ${name.padEnd(16)} ${(ms / 1000).toFixed(1).padStart(6)} s`);
}

/**
 * What a person must read of a failed run: which tests failed, then why. All of it, where the tests
 * did not come to their end.
 */
export function failuresIn(output: string): string {
  const [, errors] = output.split(/^ ERRORS $/m);
  const [why, which] = errors?.split(/^ FAILURES $/m) ?? [];
  return which === undefined
    ? output.replace(/^Check .*\n/gm, "")
    : `${which.trim()}\n\n${why.trim()}`;
}

/** Runs the whole suite and answers its last line, `N passed, M failed`. */
async function runSuite(root: string): Promise<{ ok: boolean; line: string }> {
  const startMs = performance.now();
  const { ok, output } = await runDeno(root, ["task", "test"], { limitMs: TESTS_LIMIT_MS });
  tell("tests", ok, performance.now() - startMs);
  if (!ok) say(failuresIn(output).replace(/^/gm, "    "));
  const lines = output.match(/^\d+ passed, \d+ failed.*$/gm);
  return { ok, line: lines?.at(-1) ?? "0 passed, 1 failed" };
}

async function main(wanted: readonly string[]): Promise<number> {
  const root = Deno.cwd();
  const names = [...CHECKS.map((step) => step.name), "tests"];
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    say(`There is no step "${unknown}". The steps are: ${names.join(", ")}.`);
    return 1;
  }
  const chosen = (name: string) => wanted.length === 0 || wanted.includes(name);
  const startMs = performance.now();
  const failed = await runSteps(root, CHECKS.filter((step) => chosen(step.name)));
  const suite = chosen("tests") ? await runSuite(root) : undefined;
  if (suite?.ok === false) failed.push("tests");
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  say(
    failed.length === 0 ? `all ok in ${seconds} s` : `failed in ${seconds} s: ${failed.join(", ")}`,
  );
  if (suite !== undefined) say(suite.line);
  return failed.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
