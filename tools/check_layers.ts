/** Holds the import table of `layers.ts` against the code. */
import { importCycles, type ImportEdge, importGraph } from "./import_graph.ts";
import { mayImport, roomOf, ROOMS, STRANGERS } from "./layers.ts";
import { isFile, sourceFiles } from "./source_files.ts";

/** Tells every import below `root` that the table does not allow, and every cycle between files. */
export async function checkLayers(root: string): Promise<string[]> {
  const files = [
    ...(isFile(root, "mod.ts") ? ["mod.ts"] : []),
    ...sourceFiles(root, "src"),
    ...STRANGERS.flatMap((folder) => sourceFiles(root, folder)),
  ];
  const homeless = files.filter((file) => file.startsWith("src/") && roomOf(file) === undefined);
  const edges = await importGraph(root, files);
  const doors = entryPoints(root);
  return [
    ...homeless.map((file) => `${file}: its folder is not in the table of tools/layers.ts`),
    ...edges.map((edge) => edgeProblem(edge, doors)).filter((problem) => problem !== undefined),
    ...importCycles(edges).map((cycle) => `import cycle: ${cycle.join(" -> ")}`),
  ];
}

function edgeProblem(edge: ImportEdge, doors: ReadonlySet<string>): string | undefined {
  const { from, line, specifier, to, error } = edge;
  const place = `${from}:${line} imports ${specifier}`;
  if (error !== undefined) return `${place}: ${error}`;
  if (STRANGERS.some((folder) => from.startsWith(`${folder}/`))) {
    const allowed = to === undefined || to.startsWith(`${from.split("/")[0]}/`) || doors.has(to);
    return allowed ? undefined : `${place}: only the exports of deno.json are open to it`;
  }
  const room = roomOf(from);
  if (room === undefined) return undefined;
  if (!specifier.startsWith("./") && !specifier.startsWith("../")) {
    return packageProblem(place, room, specifier);
  }
  const targetRoom = to === undefined ? undefined : roomOf(to);
  if (to === undefined || targetRoom === undefined) return `${place}: it is outside the table`;
  if (mayImport(room, to, targetRoom)) return undefined;
  const allowed = ROOMS[room].mayImport;
  return `${place}: ${room} may import ${allowed.length > 0 ? allowed.join(", ") : "base only"}`;
}

function packageProblem(place: string, room: string, specifier: string): string | undefined {
  const { packages = [], platform } = ROOMS[room];
  if (specifier.startsWith("node:") && platform === "deno") return undefined;
  const allowed = packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  if (allowed) return undefined;
  return `${place}: ${room} may use ${packages.length > 0 ? packages.join(", ") : "no package"}`;
}

/** The files that `exports` of `deno.json` opens to the world. */
export function entryPoints(root: string): Set<string> {
  const { exports } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const paths: string[] = typeof exports === "string" ? [exports] : Object.values(exports ?? {});
  return new Set(paths.map((path) => path.replace(/^\.\//, "")));
}
