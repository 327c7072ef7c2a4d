import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";

/** A flag of etcd's that asks for what is not here. */
interface Refused {
  readonly spec: FlagSpec;
  /** Values that ask for nothing. */
  readonly harmless: readonly string[];
}

const NO_DISCOVERY = "there is no discovery: name the members in --initial-cluster";

const REFUSED: readonly Refused[] = [
  refused("wal-dir", "string", "the log lives in the data directory"),
  refused("discovery-token", "string", NO_DISCOVERY),
  refused("discovery-endpoints", "string", NO_DISCOVERY),
  refused("discovery-srv", "string", NO_DISCOVERY),
  refused("discovery-srv-name", "string", NO_DISCOVERY),
  refused(
    "force-new-cluster",
    "boolean",
    "save a snapshot of this replica with `kvorum snapshot save`, and begin a new cluster from it " +
      "with `kvorum snapshot restore`",
  ),
  refused("host-whitelist", "string", "requests are served whatever host they name", ["*"]),
  refused("socket-reuse-port", "boolean", "two programs on one port would split a cluster"),
  refused("enable-log-rotation", "boolean", "let the system rotate the file"),
  refused("enable-distributed-tracing", "boolean", "there are no traces"),
];

/** The flags that are refused, which must be known to be refused with a reason. */
export const REFUSED_FLAGS: readonly FlagSpec[] = REFUSED.map(({ spec }) => spec);

function refused(
  name: string,
  kind: FlagSpec["kind"],
  help: string,
  harmless: readonly string[] = [],
): Refused {
  return { spec: { name, kind, default: "", help }, harmless: ["", "false", ...harmless] };
}

/** Throws for a flag that asks for what is not here. @throws {CommandError} */
export function refuseFlags(flags: FlagValues): void {
  for (const { spec: { name, help }, harmless } of REFUSED) {
    const value = flags.get(name);
    if (!harmless.includes(value)) {
      throw new CommandError(`--${name} ${value} is not possible: ${help}`);
    }
  }
}
