/**
 * Files in `src/` that may be longer than the limit, each with the number of lines it has. The
 * numbers only go down: a listed file that grows fails the gate, one that shrinks must be written
 * down here. A new line needs a reason that a reviewer believes.
 */
export const LINES_OF_LONG_FILES: Readonly<Record<string, number>> = {};
