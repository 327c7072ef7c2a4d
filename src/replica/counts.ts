import type { Proposals } from "./proposals.ts";
import type { ReadBarriers } from "./read_barriers.ts";
import type { ReplicaCounts } from "./status.ts";

/** What the parts of a replica have counted that clients wait for. */
export function countsOf(proposals: Proposals, barriers: ReadBarriers): ReplicaCounts {
  return {
    proposalsPending: proposals.pendingCount,
    proposalsFailed: proposals.failedCount,
    readIndexesSlow: barriers.slowCount,
    readIndexesFailed: barriers.failedCount,
  };
}
