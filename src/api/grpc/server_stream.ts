import type { GrpcStreamCall } from "../../http2/grpc/handler.ts";
import type { StreamMethod } from "../services/method.ts";
import { decodeRequest, waitingContextOf } from "./call.ts";
import type { MessageWriter } from "./message_writer.ts";
import { GrpcCode, RpcError } from "../errors.ts";

/** Serves a method with one request and many answers, as fast as the client takes them. */
export async function serveStream(
  call: GrpcStreamCall,
  method: StreamMethod,
  writer: MessageWriter,
): Promise<void> {
  const bytes = await call.receive();
  if (bytes === null) {
    throw new RpcError(GrpcCode.Internal, "cardinality violation: no request message");
  }
  const request = decodeRequest(method.request, bytes);
  for await (const response of method.call(request, waitingContextOf(call))) {
    if (!call.send(writer.lend(method.response, response))) await call.drained();
  }
}
