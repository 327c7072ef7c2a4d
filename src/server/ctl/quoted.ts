import { concatBytes } from "../../base/bytes.ts";
import { CommandError } from "../command_error.ts";

const ESCAPED: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 0x5c,
  "'": 0x27,
  '"': 0x22,
};

/** One word, in the forms that etcdctl takes, with what follows it. */
const WORD = /"(?:[^"\\]|\\.)*"|'[^']*'|[^'"\s]\S*/g;
const ESCAPE =
  /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[abfnrtv\\'"])|[^\\]+/gy;

/** The bytes that a text in double quotes stands for, as Go writes them. @throws {CommandError} */
export function unquote(quoted: string): Uint8Array {
  const inner = quoted.slice(1, -1);
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const [part] of inner.matchAll(ESCAPE)) {
    length += part.length;
    const kind = part[1];
    if (part[0] !== "\\") parts.push(encoder.encode(part));
    else if (kind === "x") parts.push(Uint8Array.of(parseInt(part.slice(2), 16)));
    else if (kind === "u" || kind === "U") {
      parts.push(encoder.encode(String.fromCodePoint(parseInt(part.slice(2), 16))));
    } else if (/[0-7]/.test(kind)) parts.push(Uint8Array.of(parseInt(part.slice(1), 8)));
    else parts.push(Uint8Array.of(ESCAPED[kind]));
  }
  if (length === inner.length) return concatBytes(parts);
  throw new CommandError(`Cannot read ${quoted}: it has an unknown escape`);
}

/** The words of a line; quotes keep spaces together. */
export function splitWords(line: string): string[] {
  return (line.match(WORD) ?? []).map((word) => {
    if (word.startsWith('"')) return new TextDecoder().decode(unquote(word));
    return word.startsWith("'") ? word.slice(1, -1) : word;
  });
}
