import { CommandError } from "../command_error.ts";
import { type FlagSpec, type FlagValues, parseFlags } from "../flags.ts";

/** What a command was called with. */
export interface CommandLine {
  readonly flags: FlagValues;
  /** What is no flag, in order. */
  readonly args: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

/** Flags that etcdctl has by a letter. */
const SHORT: Readonly<Record<string, string>> = { "-l": "--listen", "-i": "--interactive" };

/**
 * Splits a command line. Flags may stand before, between and behind the rest, until `--`.
 * @throws {CommandError} for an unknown flag, a missing value or one of the wrong kind
 */
export function splitCommandLine(
  specs: readonly FlagSpec[],
  tokens: readonly string[],
): CommandLine {
  const end = tokens.indexOf("--");
  const before = end < 0 ? tokens : tokens.slice(0, end);
  const flagTokens: string[] = [];
  const args: string[] = [];
  for (let i = 0; i < before.length; i++) {
    const token = SHORT[before[i]] ?? before[i];
    if (!token.startsWith("-") || token === "-") {
      args.push(token);
      continue;
    }
    flagTokens.push(token);
    if (takesNext(specs, token) && i + 1 < before.length) flagTokens.push(before[++i]);
  }
  return {
    flags: parseFlags(specs, flagTokens),
    args,
    rest: end < 0 ? [] : tokens.slice(end + 1),
  };
}

/** Whether the value of a flag is the next token. */
export function takesNext(specs: readonly FlagSpec[], token: string): boolean {
  if (token.includes("=")) return false;
  const spec = specs.find(({ name }) => name === token.replace(/^--?/, ""));
  return spec !== undefined && spec.kind !== "boolean";
}

/** Reads the identity of a member or a lease. @throws {CommandError} */
export function parseId(what: string, text: string): bigint {
  if (/^[0-9a-f]{1,16}$/i.test(text)) return BigInt(`0x${text}`);
  throw new CommandError(`"${text}" is no ${what} ID: they are hexadecimal, as 8e9e05c52164694d`);
}

/** Reads a whole number. @throws {CommandError} */
export function parseNumber(what: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandError(`The ${what} must be a whole number: it is "${text}"`);
}
