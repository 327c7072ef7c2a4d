/**
 * `deno task bench` lists the benchmarks, each with the first sentence of its file;
 * `deno task bench NAME …` runs `bench/NAME.ts` with the arguments that follow.
 */
import { say } from "./say.ts";
import { sourceFiles } from "./source_files.ts";

/** A benchmark is a file directly in `bench/`; what several share lives in folders below it. */
export function benchmarks(root: string): { name: string; about: string }[] {
  return sourceFiles(root, "bench")
    .filter((file) => file.split("/").length === 2)
    .map((file) => ({
      name: file.slice("bench/".length, -".ts".length),
      about: about(root, file),
    }));
}

function about(root: string, file: string): string {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(Deno.readTextFileSync(`${root}/${file}`))?.[1] ?? "";
  const text = comment.replace(/^\s*\* ?/gm, "").replace(/\s+/g, " ").trim();
  return /^.*?[.:](?= |$)/.exec(text)?.[0] ?? text;
}

async function main([name, ...rest]: readonly string[]): Promise<number> {
  const all = benchmarks(".");
  if (name === undefined) {
    for (const each of all) say(`${each.name.padEnd(20)} ${each.about}`);
    if (all.length === 0) say("There are no benchmarks in bench/ yet.");
    return 0;
  }
  if (!all.some((each) => each.name === name)) {
    say(`There is no benchmark "${name}". \`deno task bench\` lists them.`);
    return 1;
  }
  const args = ["run", "-A", "--unstable-kv", `bench/${name}.ts`, ...rest];
  return (await new Deno.Command(Deno.execPath(), { args }).spawn().status).code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
