import { CommandError } from "./command_error.ts";
import { environmentName } from "./flags.ts";

/** Flags whose numbers are nanoseconds in a file, as Go writes durations. */
const DURATIONS: readonly string[] = [
  "auto-compaction-retention",
  "backend-batch-interval",
  "compact-hash-check-time",
  "compaction-sleep-interval",
  "corrupt-check-time",
  "downgrade-check-time",
  "grpc-keepalive-interval",
  "grpc-keepalive-min-time",
  "grpc-keepalive-timeout",
  "raft-read-timeout",
  "raft-write-timeout",
  "warning-apply-duration",
  "warning-unary-request-duration",
  "watch-progress-notify-interval",
];
/** The sections, and what the flags in them begin with. */
const SECTIONS: Readonly<Record<string, string>> = {
  "client-transport-security": "",
  "peer-transport-security": "peer-",
};
/** Keys of a section whose flags have other names. */
const RENAMED: Readonly<Record<string, string>> = {
  "peer-allowed-cn": "peer-cert-allowed-cn",
  "peer-allowed-hostname": "peer-cert-allowed-hostname",
};

/**
 * The file that `--config-file` or its variable names, as flags; null when there is none. It stands
 * for all other flags and variables, as in etcd.
 *
 * Ref: etcd server/etcdmain/config.go, server/embed/config.go.
 *
 * @throws {CommandError} for a file that cannot be used.
 */
export async function configFileFlags(
  args: readonly string[],
  environment: (name: string) => string | undefined,
): Promise<string[] | null> {
  const path = pathIn(args) ?? environment(environmentName("config-file")) ?? "";
  if (path === "") return null;
  // Most starts have no such file, and are faster without its reader.
  const { parse } = await import("yaml");
  let content: unknown;
  try {
    content = parse(Deno.readTextFileSync(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new CommandError(`Cannot read --config-file ${path}: ${reason}`);
  }
  if (content !== null && !isSection(content)) {
    throw new CommandError(`--config-file ${path} must hold names of flags and their values`);
  }
  return flagsOf(content ?? {}, "");
}

function pathIn(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => /^--?config-file(=|$)/.test(arg));
  if (at < 0) return undefined;
  const value = args[at].indexOf("=");
  return value < 0 ? args[at + 1] : args[at].slice(value + 1);
}

function flagsOf(section: Record<string, unknown>, prefix: string): string[] {
  return Object.entries(section).flatMap(([key, value]) => {
    // What has no value in the file has its default.
    if (value === null || value === "") return [];
    const inner = SECTIONS[key];
    if (inner !== undefined && isSection(value)) return flagsOf(value, inner);
    const name = RENAMED[prefix + key] ?? prefix + key;
    const isDuration = typeof value === "number" && DURATIONS.includes(name);
    return [`--${name}=${isDuration ? `${value}ns` : textOf(name, value)}`];
  });
}

function textOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((part) => textOf(name, part)).join(",");
  if (typeof value === "object") {
    throw new CommandError(`--config-file has more in "${name}" than one value`);
  }
  return String(value);
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
