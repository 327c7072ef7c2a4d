import type { GrpcStreamCall } from "../../http2/grpc/handler.ts";
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from "../../proto/lease.ts";
import type { LeaseService } from "../services/lease_service.ts";
import { contextOf, decodeRequest } from "./call.ts";
import type { MessageWriter } from "./message_writer.ts";

/** Serves a LeaseKeepAlive stream: each message is answered before the next one is read. */
export async function serveKeepAlive(
  call: GrpcStreamCall,
  leases: LeaseService,
  writer: MessageWriter,
): Promise<void> {
  const context = contextOf(call);
  for await (const bytes of call) {
    const response = await leases.keepAlive(decodeRequest(LeaseKeepAliveRequest, bytes), context);
    if (!call.send(writer.lend(LeaseKeepAliveResponse, response))) await call.drained();
  }
}
