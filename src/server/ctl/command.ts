import type { FlagSpec } from "../flags.ts";
import type { Invocation } from "./invocation.ts";

/** One command, such as `get` or `member add`. */
export interface Command {
  readonly name: string;
  /** What stands behind the name. */
  readonly usage: string;
  /** One line for `--help`. */
  readonly help: string;
  readonly flags: readonly FlagSpec[];
  /** How many arguments it takes, at least and at most. */
  readonly args: readonly [min: number, max: number];
  /** Whether it takes a program behind `--`. */
  readonly takesProgram?: boolean;
  /** Runs it. @returns the exit code */
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** A flag that may stand alone. */
export function booleanFlag(name: string, help: string): FlagSpec {
  return { name, kind: "boolean", default: "false", help };
}

/** A flag with a whole number; zero where it is not given. */
export function numberFlag(name: string, help: string): FlagSpec {
  return { name, kind: "number", default: "0", help };
}

/** A flag with text. */
export function textFlag(name: string, help: string): FlagSpec {
  return { name, kind: "string", default: "", help };
}
