import { concatBytes, EMPTY_BYTES } from "../../../src/base/bytes.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import type { GrpcHandler } from "../../../src/http2/grpc/handler.ts";
import { ascii, RawClient, type ServerOptions, uint32 } from "../raw_client.ts";

/** The fields of a call. */
export function callFields(
  path: string,
  ...more: (readonly [string, string])[]
): (readonly [string, string])[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "kvorum.test"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ];
}

/** A message with its prefix. */
export function message(body: Uint8Array | string): Uint8Array {
  const bytes = typeof body === "string" ? ascii(body) : body;
  return concatBytes([new Uint8Array(1), uint32(bytes.length), bytes]);
}

/** What a call was answered. */
export interface Answer {
  readonly head: string[];
  readonly data: Uint8Array;
  readonly trailers: string[];
}

/** A client of one method. */
export function grpcClient(handler: GrpcHandler, options: ServerOptions = {}): Promise<RawClient> {
  return RawClient.open({ grpc: (path) => path === "/t.T/M" ? handler : null, ...options });
}

/** Reads the whole answer to one call, whatever the order of other frames. */
export async function answerOf(client: RawClient, id: number): Promise<Answer> {
  let head: string[] | null = null;
  let data: Uint8Array = EMPTY_BYTES;
  for (let frame = await client.next(); frame !== null; frame = await client.next()) {
    if (frame.id !== id) continue;
    if (frame.type === FrameType.DATA) data = concatBytes([data, frame.payload]);
    if (frame.type !== FrameType.HEADERS) continue;
    if ((frame.flags & 1) !== 0) {
      return { head: head ?? [], data, trailers: frame.fields };
    }
    head = frame.fields;
  }
  throw new Error("The server has closed the socket");
}

/** Makes a call with one message and reads its answer. */
export async function call(
  client: RawClient,
  id: number,
  body: Uint8Array | string,
  ...more: (readonly [string, string])[]
): Promise<Answer> {
  client.headers(id, callFields("/t.T/M", ...more), false);
  client.data(id, message(body), true);
  return await answerOf(client, id);
}
