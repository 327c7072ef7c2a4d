import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";

const NOT_HERE = "Kvorum's storage and leases work in another way and need no such switch.";

/** The one gate with an effect: a replica compares its data with the others' before it serves. */
const INITIAL_CHECK = "InitialCorruptCheck";

/** The other feature gates of etcd's, and why each does nothing here. Ref: etcd server/features. */
const GATES: Readonly<Record<string, string>> = {
  AllAlpha: NOT_HERE,
  AllBeta: NOT_HERE,
  CompactHashCheck: "Replicas compare their data by --corrupt-check-time.",
  FastLeaseKeepAlive: NOT_HERE,
  LeaseCheckpoint: NOT_HERE,
  LeaseCheckpointPersist: NOT_HERE,
  PriorityRequest: NOT_HERE,
  SetMemberLocalAddr: "Replicas dial from whatever address the system chooses.",
  StopGRPCServiceOnDefrag: "Requests are served while space is freed.",
  TxnModeWriteWithSharedBuffer: NOT_HERE,
};

/** The flag for them. */
export const FEATURE_GATES_FLAG: FlagSpec = {
  name: "feature-gates",
  kind: "string",
  default: "",
  help: "etcd's features as NAME=true,NAME=false. Only InitialCorruptCheck does something.",
};

/** A gate that was switched on, and why it does nothing. */
export interface IdleGate {
  readonly name: string;
  readonly reason: string;
}

/** What the gates come to. */
export interface FeatureGates {
  /** Those that were switched on and do nothing. */
  readonly idleGates: readonly IdleGate[];
  /** Whether a replica compares its data with the others' before it serves. */
  readonly checksDataAtStart: boolean;
}

/** The gates that were switched on. @throws {CommandError} for one that etcd does not have. */
export function parseFeatureGates(flags: FlagValues): FeatureGates {
  const idleGates: IdleGate[] = [];
  let checksDataAtStart = false;
  for (const part of flags.get("feature-gates").split(",")) {
    if (part.trim() === "") continue;
    const [name, value] = part.split("=").map((text) => text.trim());
    if (value !== "true" && value !== "false") {
      throw new CommandError(`--feature-gates must be NAME=true or NAME=false: "${part}" is not`);
    }
    if (name === INITIAL_CHECK) {
      checksDataAtStart = value === "true";
      continue;
    }
    if (!Object.hasOwn(GATES, name)) {
      const names = [...Object.keys(GATES), INITIAL_CHECK].sort().join(", ");
      throw new CommandError(`--feature-gates has no "${name}": there are ${names}`);
    }
    if (value === "true") idleGates.push({ name, reason: GATES[name] });
  }
  return { idleGates, checksDataAtStart };
}
