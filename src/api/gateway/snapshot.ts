/** A snapshot over HTTP: one line of JSON for each piece. */
import { toJson } from "../../proto/json.ts";
import { SnapshotResponse } from "../../proto/maintenance.ts";
import type { CallContext } from "../call_context.ts";
import type { MaintenanceService } from "../services/maintenance_service.ts";
import { lineStreamResponse } from "./responses.ts";

const encoder = new TextEncoder();

/** Serves a snapshot as fast as the client reads it. */
export function streamSnapshot(maintenance: MaintenanceService, context: CallContext): Response {
  const messages = maintenance.snapshot({}, context);
  return lineStreamResponse(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const { value, done } = messages.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(`{"result":${toJson(SnapshotResponse, value)}}\n`));
      },
    }, { highWaterMark: 0 }),
  );
}
