/**
 * Runs `deno test` with the arguments it is given (everything without any) and ends with one line,
 * `N passed, M failed`, or `N passed, M failed, K skipped`, alone on its line. Continuous
 * integration reads it, and so can a person.
 */
import { say } from "./say.ts";

/** What a run of the tests came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The last line that Deno prints: `ok | 3 passed (2 steps) | 0 failed | 1 ignored (12ms)`. */
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?.*\(.*\)$/gm;

/**
 * Reads the tally off what `deno test` printed. A run that did not end well has at least one
 * failure, also when it never came to a summary: a type error stops it before the first test.
 */
export function tallyOf(output: string, ok: boolean): Tally {
  const summary = [...output.matchAll(SUMMARY)].at(-1);
  const [passed, failed, skipped] = [1, 2, 3].map((group) => Number(summary?.[group] ?? 0));
  return { passed, failed: ok ? failed : Math.max(failed, 1), skipped };
}

/** The line that ends a run. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

async function main(args: readonly string[]): Promise<number> {
  const frozen = Deno.env.get("CI") === undefined ? [] : ["--frozen"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--unstable-kv", ...frozen, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  // Why: whoever ends this process means the tests; the child would live on.
  Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  const output: string[] = [];
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    output.push(decoder.decode(bytes, { stream: true }));
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }
  const { success, code } = await child.status;
  const tally = tallyOf(output.join(""), success);
  say(tallyLine(tally));
  return success && tally.failed === 0 ? 0 : Math.max(code, 1);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
