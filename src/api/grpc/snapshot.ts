import type { GrpcStreamCall } from "../../http2/grpc/handler.ts";
import { SnapshotRequest, SnapshotResponse } from "../../proto/maintenance.ts";
import type { MaintenanceService } from "../services/maintenance_service.ts";
import { contextOf, decodeRequest } from "./call.ts";
import type { MessageWriter } from "./message_writer.ts";

/** Serves a snapshot as fast as the client takes it. */
export async function serveSnapshot(
  call: GrpcStreamCall,
  maintenance: MaintenanceService,
  writer: MessageWriter,
): Promise<void> {
  const request = await call.receive();
  if (request !== null) decodeRequest(SnapshotRequest, request);
  for (const message of maintenance.snapshot({}, contextOf(call))) {
    if (!call.send(writer.lend(SnapshotResponse, message))) await call.drained();
  }
}
