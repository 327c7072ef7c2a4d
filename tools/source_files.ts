/** Finds the files that a check looks at, in the same order on every machine. */

const SKIPPED = new Set([".git", "node_modules", "kvorum-data", "dist", "coverage", "vectors"]);

/** Paths of the files below `root`/`folder` that end in `suffix`, relative to `root`, sorted. */
export function sourceFiles(root: string, folder: string, suffix = ".ts"): string[] {
  const found: string[] = [];
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(`${root}/${folder}`)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return found;
    throw error;
  }
  for (const entry of entries) {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory && !SKIPPED.has(entry.name)) {
      found.push(...sourceFiles(root, path, suffix));
    } else if (entry.isFile && entry.name.endsWith(suffix)) found.push(path);
  }
  return found.sort();
}

/** Whether `path` below `root` is a file. */
export function isFile(root: string, path: string): boolean {
  try {
    return Deno.statSync(`${root}/${path}`).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
