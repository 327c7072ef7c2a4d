/**
 * Type-checks every room against the library of its platform alone. In a room that stands on
 * ECMAScript `setTimeout`, `console` and `TextEncoder` then do not exist; in one that stands on the
 * Web, `Deno` does not.
 */
import { roomOf, ROOMS } from "./layers.ts";
import type { Platform } from "./layers.ts";
import { runDeno } from "./run_deno.ts";
import { isFile, sourceFiles } from "./source_files.ts";

const LIBRARIES: Readonly<Record<Platform, readonly string[]>> = {
  ecmascript: ["esnext"],
  web: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
  deno: ["deno.window", "deno.unstable"],
};

/** Tells what the type checker finds in the rooms below `root` that stand on `platform`. */
export async function checkPlatform(root: string, platform: Platform): Promise<string[]> {
  const files = [...sourceFiles(root, "src"), ...(isFile(root, "mod.ts") ? ["mod.ts"] : [])]
    .filter((file) => ROOMS[roomOf(file) ?? ""]?.platform === platform);
  if (files.length === 0) return [];
  const folder = await Deno.makeTempDir({ prefix: "kvorum_platform_" });
  try {
    const config = `${folder}/deno.json`;
    await Deno.writeTextFile(config, JSON.stringify(configFor(root, platform)));
    const { ok, output } = await runDeno(root, [
      "check",
      "--quiet",
      "--no-lock",
      "--config",
      config,
      ...files,
    ]);
    return ok ? [] : [`Against the library of ${platform} alone:\n${output.trim()}`];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The repository's own settings with another library, so that the two cannot drift apart. */
function configFor(root: string, platform: Platform): unknown {
  const config = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const rootUrl = new URL(`file://${Deno.realPathSync(root)}/`);
  const imports: Record<string, string> = { ...config.imports };
  for (const member of config.workspace ?? []) {
    const { name, exports } = JSON.parse(Deno.readTextFileSync(`${root}/${member}/deno.json`));
    for (const [subpath, file] of Object.entries<string>(exports)) {
      imports[name + subpath.slice(1)] = new URL(file, new URL(`${member}/`, rootUrl)).href;
    }
  }
  const compilerOptions = { ...config.compilerOptions, lib: LIBRARIES[platform] };
  return { imports, compilerOptions, unstable: config.unstable, nodeModulesDir: "none" };
}
