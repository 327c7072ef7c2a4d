/** Bundles what a browser may import and searches the result for the platform of a server. */
import { entryPoints } from "./check_layers.ts";
import { roomOf, ROOMS } from "./layers.ts";
import { runDeno } from "./run_deno.ts";

/** `Deno` as a value and quoted `node:` specifiers; neither matches a property called `node`. */
const SERVER_ONLY = /\bDeno\s*(?:\?\.|\.|\[)\s*["'\w]|["'`]node:\w/;

/** Tells which entry points below `root` cannot be bundled for a browser, and why. */
export async function checkBundle(root: string): Promise<string[]> {
  const problems: string[] = [];
  for (const entry of entryPoints(root)) {
    if (ROOMS[roomOf(entry) ?? ""]?.platform === "deno") continue;
    const args = ["bundle", "--quiet", "--platform", "browser", "--no-lock", entry];
    const { ok, stdout, output } = await runDeno(root, args);
    if (!ok) problems.push(`${entry}: cannot be bundled\n${output.trim()}`);
    else {problems.push(
        ...serverOnlyLines(stdout).map((line) => `${entry}: its bundle has ${line}`),
      );}
  }
  return problems;
}

/** The lines of a bundle that need a server's platform, each with the file it came from. */
export function serverOnlyLines(bundle: string): string[] {
  const found: string[] = [];
  let file = "";
  for (const line of bundle.split("\n")) {
    if (/^\/\/ \S+\.\w+$/.test(line)) file = line.slice(3);
    else if (SERVER_ONLY.test(line)) found.push(`"${line.trim().slice(0, 100)}" (${file})`);
  }
  return found;
}
