import { LeaderRequest, LeaderResponse } from "../../proto/election.ts";
import { SnapshotRequest, SnapshotResponse } from "../../proto/maintenance.ts";
import { stream, type StreamMethod } from "./method.ts";
import type { Services } from "./methods.ts";

/** Every method that takes one message and gives many. */
export function streamMethods({ election, maintenance }: Services): readonly StreamMethod[] {
  return [
    stream(
      "/etcdserverpb.Maintenance/Snapshot",
      "/v3/maintenance/snapshot",
      SnapshotRequest,
      SnapshotResponse,
      async function* (request, context) {
        yield* maintenance.snapshot(request, context);
      },
    ),
    stream(
      "/v3electionpb.Election/Observe",
      "/v3/election/observe",
      LeaderRequest,
      LeaderResponse,
      (request, context) => election.observe(request, context),
    ),
  ];
}
