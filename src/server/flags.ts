import { CommandError } from "./command_error.ts";

/** One flag of a command. */
export interface FlagSpec {
  readonly name: string;
  /** How the value is written; a boolean may stand alone. */
  readonly kind: "string" | "number" | "boolean";
  readonly default: string;
  /** One line for `--help`. */
  readonly help: string;
}

/** The values of a command's flags, as text; a flag not given has its default. */
export interface FlagValues {
  get(name: string): string;
  /** Whether the flag was given, on the command line or by the environment. */
  isGiven(name: string): boolean;
  number(name: string): number;
  boolean(name: string): boolean;
}

/** The environment variable that stands for a flag, as etcd names it: `--data-dir` is `ETCD_DATA_DIR`. */
export function environmentName(flag: string): string {
  return "ETCD_" + flag.toUpperCase().replaceAll("-", "_");
}

/**
 * Reads flags as etcd does: `--name value`, `--name=value` and `-name value` are the same, a boolean
 * may stand alone, the last one wins, and `ETCD_…` variables fill in what is not given.
 *
 * @throws {CommandError} for an unknown flag, a missing value or one of the wrong kind.
 */
export function parseFlags(
  specs: readonly FlagSpec[],
  args: readonly string[],
  environment: (name: string) => string | undefined = () => undefined,
): FlagValues {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const match = /^--?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(args[i]);
    const spec = match === null ? undefined : known.get(match[1]);
    if (match === null || spec === undefined) throw unknownFlag(args[i], specs);
    let value = match[2];
    if (value === undefined) {
      if (spec.kind === "boolean") value = "true";
      else if (i + 1 < args.length) value = args[++i];
      else throw new CommandError(`Flag --${spec.name} needs a value: --${spec.name} VALUE`);
    }
    check(`--${spec.name}`, spec, value);
    given.set(spec.name, value);
  }
  for (const spec of specs) {
    const variable = environmentName(spec.name);
    const value = environment(variable);
    if (value === undefined || given.has(spec.name)) continue;
    check(variable, spec, value);
    given.set(spec.name, value);
  }
  const get = (name: string): string => given.get(name) ?? (known.get(name) as FlagSpec).default;
  return {
    get,
    isGiven: (name) => given.has(name),
    number: (name) => Number(get(name)),
    boolean: (name) => get(name) === "true",
  };
}

/** The flags as text for `--help`. */
export function describeFlags(specs: readonly FlagSpec[]): string {
  const width = Math.max(...specs.map(({ name }) => name.length)) + 2;
  return specs
    .map(({ name, help, default: value }) =>
      `  --${name.padEnd(width)}${help}${value === "" ? "" : ` (default ${value})`}`
    )
    .join("\n");
}

function check(source: string, spec: FlagSpec, value: string): void {
  if (spec.kind === "number" && !/^\d{1,15}$/.test(value)) {
    throw new CommandError(`${source} must be a whole number: it is "${value}"`);
  }
  if (spec.kind === "boolean" && value !== "true" && value !== "false") {
    throw new CommandError(`${source} must be true or false: it is "${value}"`);
  }
}

function unknownFlag(argument: string, specs: readonly FlagSpec[]): CommandError {
  const wanted = argument.replace(/^-+/, "").replace(/=.*$/s, "");
  const near = specs.find(({ name }) => wanted.length > 2 && name.includes(wanted));
  const hint = near === undefined ? "see --help" : `did you mean --${near.name}? See --help`;
  return new CommandError(
    argument.startsWith("-")
      ? `Unknown flag ${argument}: ${hint}`
      : `Unexpected "${argument}": ${hint}`,
  );
}
