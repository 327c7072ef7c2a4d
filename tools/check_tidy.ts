/** What no other check sees: the size and names of files, leftover notes, the version. */
import { LINES_OF_LONG_FILES } from "./ratchet.ts";
import { isFile, sourceFiles } from "./source_files.ts";

const LINES_MAX = 350;
const FOLDERS = ["src", "tests", "bench", "demo", "tools"];
// Why the odd spelling: this file is searched too.
const LEFTOVER = new RegExp(`\\b(?:FIX${"ME"}|XX${"X"})\\b`);

/** Tells what is untidy below `root`. `longFiles` is the ratchet, see `ratchet.ts`. */
export function checkTidy(
  root: string,
  longFiles: Readonly<Record<string, number>> = LINES_OF_LONG_FILES,
): string[] {
  const problems: string[] = [];
  const files = [
    ...(isFile(root, "mod.ts") ? ["mod.ts"] : []),
    ...FOLDERS.flatMap((folder) => sourceFiles(root, folder)),
  ];
  for (const file of files) {
    const lines = Deno.readTextFileSync(`${root}/${file}`).trimEnd().split("\n");
    const name = file.slice(file.lastIndexOf("/") + 1);
    if (!/^[a-z0-9_.]+$/.test(name)) problems.push(`${file}: file names are snake_case`);
    if (file.startsWith("src/")) problems.push(...sizeProblems(file, lines.length, longFiles));
    lines.forEach((line, at) => {
      if (LEFTOVER.test(line)) problems.push(`${file}:${at + 1} is a leftover: ${line.trim()}`);
    });
  }
  for (const file of Object.keys(longFiles)) {
    if (!isFile(root, file)) problems.push(`${file} is gone: take it off tools/ratchet.ts`);
  }
  return [...problems, ...versionProblems(root)];
}

function sizeProblems(
  file: string,
  lines: number,
  longFiles: Readonly<Record<string, number>>,
): string[] {
  const allowed = longFiles[file];
  if (allowed === undefined) {
    return lines > LINES_MAX ? [`${file}: ${lines} lines, at most ${LINES_MAX}; split it`] : [];
  }
  if (lines > allowed) return [`${file}: ${lines} lines, grew past the ${allowed} of the ratchet`];
  if (lines <= LINES_MAX) return [`${file}: short again, take it off tools/ratchet.ts`];
  return lines < allowed ? [`${file}: shrank, write ${lines} into tools/ratchet.ts`] : [];
}

function versionProblems(root: string): string[] {
  const { version } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  if (!isFile(root, "src/version.ts")) return ["src/version.ts is missing"];
  const source = Deno.readTextFileSync(`${root}/src/version.ts`);
  const constant = /VERSION(?:: string)? = "([^"]*)"/.exec(source)?.[1];
  if (constant === version) return [];
  return [`src/version.ts says ${constant}, deno.json says ${version}`];
}
