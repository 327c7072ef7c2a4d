import type { GrpcStreamCall } from "../../http2/grpc/handler.ts";
import { WatchRequest, WatchResponse } from "../../proto/watch.ts";
import { toRpcError } from "../errors.ts";
import type { WatchCall } from "../services/watch_call.ts";
import type { WatchService } from "../services/watch_service.ts";
import { contextOf, decodeRequest } from "./call.ts";
import type { MessageWriter } from "./message_writer.ts";

/** Serves a Watch stream until the client goes, or this side ends it and throws why. */
export async function serveWatch(
  call: GrpcStreamCall,
  watches: WatchService,
  writer: MessageWriter,
): Promise<void> {
  const watch = watches.open(contextOf(call));
  call.onCancel(() => watch.end());
  // It ends by itself when the watch does, and it never rejects: nobody has to wait for it.
  listen(call, watch);
  try {
    await speak(call, watch, writer);
  } finally {
    watch.end();
  }
  if (watch.failure !== null) throw watch.failure;
}

/** Obeys what the client says. When it has said all, the watches go on. */
async function listen(call: GrpcStreamCall, watch: WatchCall): Promise<void> {
  try {
    while (!watch.ended) {
      if (watch.full) await watch.drained();
      const bytes = await call.receive();
      if (bytes === null) return;
      watch.send(decodeRequest(WatchRequest, bytes));
    }
  } catch (error) {
    watch.end(call.cancelled === null ? toRpcError(error) : null);
  }
}

/** Sends what there is, as fast as the client takes it: the rest stays in the watch's queue. */
async function speak(call: GrpcStreamCall, watch: WatchCall, writer: MessageWriter): Promise<void> {
  while (!watch.ended) {
    const response = watch.take();
    if (response === null) await watch.readable();
    else if (!call.send(writer.lend(WatchResponse, response))) await call.drained();
  }
}
