/**
 * A watch as server-sent events, for `EventSource` in a page:
 *
 *     GET /v3/watch?prefix=jobs/&prev_kv=true
 *
 * `key` with or without `range_end`, or `prefix`, are text, or base64 with `encoding=base64`; an
 * empty prefix means every key. `start_revision`, `prev_kv`, `progress_notify` and `filters` are as
 * in a create request. The data of each event is a watch response in JSON. Events named "message"
 * bring changes, the others are "created", "progress" and "canceled".
 *
 * Invariant: an event's id is the last revision that the client knows all about, so a client that
 * comes back with `Last-Event-ID` misses nothing and sees nothing twice.
 */
import { decodeBase64 } from "../../proto/base64.ts";
import { ServerSentEventStream } from "@std/http";
import type { ServerSentEventMessage } from "@std/http";
import { prefixEnd } from "../../base/bytes.ts";
import { create } from "../../proto/codec.ts";
import { toJson } from "../../proto/json.ts";
import { WatchCreateRequest, WatchFilter, WatchRequest, WatchResponse } from "../../proto/watch.ts";
import { GrpcCode, RpcError, rpcError, toRpcError } from "../errors.ts";
import type { WatchCall } from "../services/watch_call.ts";
import { errorResponse } from "./responses.ts";

/** Whether the request asks for a watch as server-sent events. */
export function wantsEvents(request: Request): boolean {
  return request.method === "GET" &&
    (request.headers.get("accept") ?? "").includes("text/event-stream");
}

/** Serves the watch that the request's query describes. The response lives until the client goes. */
export function streamEvents(request: Request, call: WatchCall): Response {
  let createRequest: WatchCreateRequest;
  const first: WatchResponse[] = [];
  try {
    createRequest = toCreateRequest(request);
    call.send(create(WatchRequest, { createRequest }));
    // What is known at once is that the watch has begun, and whether its revision is compacted.
    for (const response of [call.take(), call.take()]) {
      if (response === null) break;
      refuseIfCanceled(response);
      first.push(response);
    }
  } catch (error) {
    call.end();
    return errorResponse(toRpcError(error));
  }
  const { startRevision } = createRequest;
  const body = eventMessages(call, first, startRevision).pipeThrough(new ServerSentEventStream());
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
}

/** Why: `EventSource` gives up on an error status, and comes back for ever after any good one. */
function refuseIfCanceled(response: WatchResponse): void {
  if (!response.canceled) return;
  if (response.compactRevision > 0) throw rpcError("compacted");
  throw new RpcError(GrpcCode.InvalidArgument, response.cancelReason);
}

function eventMessages(
  call: WatchCall,
  first: WatchResponse[],
  startRevision: number,
): ReadableStream<ServerSentEventMessage> {
  return new ReadableStream<ServerSentEventMessage>({
    async pull(controller) {
      let response = first.shift() ?? call.take();
      while (response === null && !call.ended) {
        await call.readable();
        response = call.take();
      }
      if (response !== null) {
        controller.enqueue(toEvent(response, startRevision));
        if (!response.canceled) return;
      }
      call.end();
      controller.close();
    },
    cancel: () => call.end(),
  }, { highWaterMark: 0 });
}

function toEvent(response: WatchResponse, startRevision: number): ServerSentEventMessage {
  const data = toJson(WatchResponse, response);
  const revision = response.header?.revision ?? 0;
  if (response.canceled) return { event: "canceled", data };
  if (response.created) {
    return { event: "created", data, id: startRevision > 0 ? startRevision - 1 : revision };
  }
  const last = response.events.at(-1);
  if (last === undefined) return { event: "progress", data, id: revision };
  return { data, id: last.kv?.modRevision ?? revision };
}

function toCreateRequest(request: Request): WatchCreateRequest {
  const query = new URL(request.url).searchParams;
  const bytesOf = byteParser(query.get("encoding"));
  const prefix = query.get("prefix");
  const key = query.get("key");
  if ((prefix === null) === (key === null)) {
    throw invalid("a watch needs either a key or a prefix");
  }
  const lastSeen = request.headers.get("last-event-id");
  return create(WatchCreateRequest, {
    ...(prefix === null
      ? { key: bytesOf(key ?? ""), rangeEnd: bytesOf(query.get("range_end") ?? "") }
      : prefixRange(bytesOf(prefix))),
    startRevision: lastSeen === null || lastSeen === ""
      ? wholeNumber("start_revision", query.get("start_revision") ?? "0")
      : wholeNumber("Last-Event-ID", lastSeen) + 1,
    prevKv: query.get("prev_kv") === "true",
    progressNotify: query.get("progress_notify") === "true",
    filters: query.getAll("filters").map(filterOf),
  });
}

function prefixRange(prefix: Uint8Array): { key: Uint8Array; rangeEnd: Uint8Array } {
  return { key: prefix.length === 0 ? new Uint8Array(1) : prefix, rangeEnd: prefixEnd(prefix) };
}

function byteParser(encoding: string | null): (text: string) => Uint8Array {
  if (encoding === null) return (text) => new TextEncoder().encode(text);
  if (encoding !== "base64") throw invalid(`encoding must be base64 where it is given`);
  return (text) => {
    // Why: a "+" in a query that was not escaped arrives as a space.
    const bytes = decodeBase64(text.replaceAll(" ", "+").replaceAll("-", "+").replaceAll("_", "/"));
    if (bytes === undefined) throw invalid("illegal base64 data in the query");
    return bytes;
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number + 1)) {
    throw invalid(`${name} must be a revision`);
  }
  return number;
}

function filterOf(name: string): number {
  if (name === "NOPUT" || name === "NODELETE") return WatchFilter[name];
  throw invalid("filters must be NOPUT or NODELETE");
}

function invalid(message: string): RpcError {
  return new RpcError(GrpcCode.InvalidArgument, `kvorum: ${message}`);
}
