import type { CompactionPolicy } from "../replica/auto_compaction.ts";
import type { UpkeepOptions } from "../replica/upkeep.ts";
import { CommandError } from "./command_error.ts";
import { parseDurationMs } from "./duration.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";

const HOUR_MS = 3_600_000;

/** The flags about what a replica does for its store by itself. */
export const UPKEEP_FLAGS: readonly FlagSpec[] = [
  flag("auto-compaction-mode", "periodic", "What the retention counts: periodic or revision."),
  flag(
    "auto-compaction-retention",
    "0",
    "History to keep: hours or a duration such as 30m, or a number of revisions. 0: all.",
  ),
  flag("quota-backend-bytes", "0", "The most that the store may hold; 0 is 2 GiB, -1 no limit."),
  flag("corrupt-check-time", "0s", "How often replicas' data is compared. 0s: never."),
];

function flag(name: string, value: string, help: string): FlagSpec {
  return { name, kind: "string", default: value, help };
}

/** Reads and checks these flags. @throws {CommandError} */
export function parseUpkeep(flags: FlagValues): UpkeepOptions {
  const quota = flags.get("quota-backend-bytes");
  if (!/^-?\d{1,15}$/.test(quota)) {
    throw new CommandError(`--quota-backend-bytes must be a whole number: it is "${quota}"`);
  }
  const checkTime = flags.get("corrupt-check-time");
  const hashCheckIntervalMs = parseDurationMs(checkTime);
  if (hashCheckIntervalMs === null) {
    throw new CommandError(
      `--corrupt-check-time must be a duration like 10m: it is "${checkTime}"`,
    );
  }
  return { quotaBytes: Number(quota), compaction: parsePolicy(flags), hashCheckIntervalMs };
}

/** Ref: etcd embed/etcd.go, where a bare number means hours or revisions. */
function parsePolicy(flags: FlagValues): CompactionPolicy | null {
  const mode = flags.get("auto-compaction-mode");
  const retention = flags.get("auto-compaction-retention");
  const isCount = /^\d{1,15}$/.test(retention);
  if (mode === "revision") {
    if (!isCount) {
      throw new CommandError(
        `--auto-compaction-retention must be a number of revisions: it is "${retention}"`,
      );
    }
    const retainedRevisions = Number(retention);
    return retainedRevisions === 0 ? null : { mode, retainedRevisions };
  }
  if (mode !== "periodic") {
    throw new CommandError(
      `--auto-compaction-mode must be one of periodic, revision: it is "${mode}"`,
    );
  }
  const retentionMs = isCount ? Number(retention) * HOUR_MS : parseDurationMs(retention);
  if (retentionMs === null) {
    throw new CommandError(
      `--auto-compaction-retention must be hours or a duration like 30m: it is "${retention}"`,
    );
  }
  return retentionMs === 0 ? null : { mode, retentionMs };
}
