import { create } from "../../proto/codec.ts";
import { WatchCreateRequest, WatchRequest, type WatchResponse } from "../../proto/watch.ts";
import type { CallContext } from "../call_context.ts";
import { GrpcCode, RpcError, rpcError } from "../errors.ts";
import type { WatchService } from "./watch_service.ts";

/** What to watch: one key, or the keys in `[key, rangeEnd)`, from a revision on. */
export type WatchedKeys =
  & Pick<WatchCreateRequest, "key" | "startRevision">
  & Partial<WatchCreateRequest>;

/**
 * The responses with events of a watch that a service itself needs, until the caller has seen enough.
 *
 * @throws {RpcError} when the watch ends otherwise; the signal's reason when the caller has gone
 */
export async function* watchEvents(
  watches: WatchService,
  keys: WatchedKeys,
  context: CallContext,
): AsyncGenerator<WatchResponse> {
  const { signal } = context;
  signal?.throwIfAborted();
  const call = watches.open(context);
  const end = () => call.end();
  signal?.addEventListener("abort", end, { once: true });
  try {
    call.send(create(WatchRequest, { createRequest: create(WatchCreateRequest, keys) }));
    while (!call.ended) {
      const response = call.take();
      if (response === null) await call.readable();
      else if (response.canceled) throw refusalOf(response);
      else if (response.events.length > 0) yield response;
    }
    signal?.throwIfAborted();
    throw call.failure ?? rpcError("canceled");
  } finally {
    signal?.removeEventListener("abort", end);
    call.end();
  }
}

function refusalOf({ compactRevision, cancelReason }: WatchResponse): RpcError {
  if (compactRevision > 0) return rpcError("compacted");
  return new RpcError(GrpcCode.Unknown, cancelReason);
}
