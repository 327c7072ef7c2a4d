/** How text looks for a person at a terminal. */
export type Style = "bold" | "green" | "red" | "yellow" | "plain";

const CODES: Readonly<Record<Style, string>> = {
  bold: "1",
  green: "32",
  red: "31",
  yellow: "33",
  plain: "0",
};

/** Text in a style, where colours are seen. */
export function styled(text: string, style: Style, hasColour: boolean): string {
  return hasColour && style !== "plain" && text !== ""
    ? `\x1b[${CODES[style]}m${text}\x1b[0m`
    : text;
}

/** A cell of a table. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** A table with aligned columns. It has a line of headings even when there are no rows. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  hasColour: boolean,
): string {
  const all = [headings.map((text): Cell => ({ text, style: "bold" })), ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => textOf(row[column]).length))
  );
  const lines = all.map((row) =>
    row.map((cell, column) => {
      const isLast = column === row.length - 1;
      const text = textOf(cell).padEnd(isLast ? 0 : widths[column]);
      return styled(text, typeof cell === "string" ? "plain" : cell.style, hasColour);
    }).join("  ").trimEnd()
  );
  return lines.join("\n");
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

/** A number of bytes for people. */
export function formatBytes(byteLength: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = byteLength;
  let unit = 0;
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
