/**
 * The import graph of the repository's own files, as Deno itself resolves it: type imports, dynamic
 * imports and re-exports included.
 */
import { runDeno } from "./run_deno.ts";

/** One import statement. */
export interface ImportEdge {
  /** The importing file, relative to the root. */
  readonly from: string;
  /** Counted from 1. */
  readonly line: number;
  /** What the source says. */
  readonly specifier: string;
  /** The imported file relative to the root; undefined for a package or a file outside. */
  readonly to: string | undefined;
  /** Why the import cannot be resolved, where it cannot. */
  readonly error: string | undefined;
}

interface Resolution {
  specifier?: string;
  error?: string;
  span: { start: { line: number } };
}
interface Module {
  specifier: string;
  error?: string;
  dependencies?: { specifier: string; code?: Resolution; type?: Resolution }[];
}

/** Reads the imports of `files` (paths relative to `root`). Throws when a file cannot be parsed. */
export async function importGraph(root: string, files: readonly string[]): Promise<ImportEdge[]> {
  const rootUrl = directoryUrl(root);
  const wanted = new Set(files.map((file) => new URL(file, rootUrl).href));
  const modules = await describeModules(root, [...wanted]);
  const edges: ImportEdge[] = [];
  for (const module of modules) {
    if (!wanted.has(module.specifier)) continue;
    const from = module.specifier.slice(rootUrl.href.length);
    if (module.error !== undefined) throw new Error(`Cannot read the imports: ${module.error}`);
    for (const { specifier, code, type } of module.dependencies ?? []) {
      for (const resolution of [code, type]) {
        if (resolution === undefined) continue;
        const target = resolution.specifier;
        edges.push({
          from,
          line: resolution.span.start.line + 1,
          specifier,
          to: target?.startsWith(rootUrl.href) ? target.slice(rootUrl.href.length) : undefined,
          error: resolution.error,
        });
      }
    }
  }
  return edges;
}

/** One call for all files: a throw-away entry imports each of them. */
async function describeModules(root: string, urls: readonly string[]): Promise<Module[]> {
  const entry = await Deno.makeTempFile({ prefix: "kvorum_imports_", suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, urls.map((url) => `import "${url}";\n`).join(""));
    const args = ["info", "--json", "--quiet", "--no-lock", "--config", `${root}/deno.json`, entry];
    const { ok, stdout, output } = await runDeno(root, args);
    if (!ok) throw new Error(`Cannot read the imports: deno info failed\n${output}`);
    return JSON.parse(stdout).modules;
  } finally {
    await Deno.remove(entry);
  }
}

function directoryUrl(root: string): URL {
  return new URL(`file://${Deno.realPathSync(root)}/`);
}

/**
 * Cycles between files, each as the list of its files with the first one repeated at the end. One
 * cycle is told per strongly connected group: breaking it shows the next.
 */
export function importCycles(edges: readonly ImportEdge[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) {
    if (to === undefined) continue;
    const list = targets.get(from);
    if (list === undefined) targets.set(from, [to]);
    else list.push(to);
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of targets.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of [...targets.keys()].sort()) visit(file);
  return cycles;
}
