/**
 * The form of a scenario file: blocks separated by empty lines. A block is any number of comment lines
 * (`# …`), one command, a dashed line, and the output that the command must have. A block of comments
 * only is prose.
 */

const DASHES = "----";

/** One command with the comments before it. */
export interface Block {
  readonly comments: readonly string[];
  /** Null in a block of prose. */
  readonly command: string | null;
  readonly output: readonly string[];
}

/** Reads a scenario file. */
export function parseScenario(text: string): Block[] {
  const blocks: Block[] = [];
  for (const part of text.split(/\n\n+/)) {
    const lines = part.split("\n").filter((line) => line !== "");
    if (lines.length === 0) continue;
    const isComment = (line: string) => line.startsWith("#");
    const count = lines.findIndex((line) => !isComment(line));
    if (count === -1) {
      blocks.push({ comments: lines, command: null, output: [] });
      continue;
    }
    const [command, dashes, ...output] = lines.slice(count);
    if (dashes !== DASHES && dashes !== undefined) {
      throw new SyntaxError(`After the command "${command}" there is no line of ${DASHES}`);
    }
    blocks.push({ comments: lines.slice(0, count), command, output });
  }
  return blocks;
}

/** Writes a scenario file. */
export function formatScenario(blocks: readonly Block[]): string {
  const parts = blocks.map(({ comments, command, output }) =>
    [...comments, ...(command === null ? [] : [command, DASHES, ...output])].join("\n")
  );
  return parts.join("\n\n") + "\n";
}
