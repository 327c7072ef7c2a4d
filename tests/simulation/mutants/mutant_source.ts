import type { Mutant } from "./mutants.ts";

/** The repository's root. */
const ROOT = new URL("../../../", import.meta.url);
/** What the simulator needs to run: the source, itself, and how imports are found. */
const NEEDED = ["src", "std", "tests/simulation", "tests/model", "tools/say.ts", "deno.json"];

/** The file with the bug in it. @throws {TypeError} if the place is not there exactly once. */
export function mutate(source: string, { name, file, search, replace }: Mutant): string {
  const places = source.split(search).length - 1;
  if (places !== 1) {
    throw new TypeError(`Cannot plant "${name}": its place is ${places} times in src/${file}`);
  }
  return source.replace(search, () => replace);
}

/** Reads the file that a mutant changes. */
export function sourceOf({ file }: Mutant): string {
  return Deno.readTextFileSync(new URL(`src/${file}`, ROOT));
}

/** Copies what the simulator needs into an empty folder. */
export async function copyTree(target: string): Promise<void> {
  for (const path of NEEDED) await copy(new URL(path, ROOT), `${target}/${path}`);
}

async function copy(from: URL, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.href}/${encodeURIComponent(name)}`), `${to}/${name}`);
  }
}
