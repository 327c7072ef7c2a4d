/**
 * A watch over HTTP: the request's body holds one or several JSON messages, the response is one line
 * of JSON for each message of the server, sent as soon as it is there.
 */
import { toJson } from "../../proto/json.ts";
import { WatchRequest, WatchResponse } from "../../proto/watch.ts";
import { GrpcCode, toRpcError } from "../errors.ts";
import type { WatchCall } from "../services/watch_call.ts";
import type { BodyIntake } from "./body_intake.ts";
import { decodeValue } from "./json_decode.ts";
import { JsonMessages } from "./json_messages.ts";
import { errorLine, isMalformed, lineStreamResponse, streamFault } from "./responses.ts";

/** Lines that are there at the same time go out together up to this size. */
const CHUNK_CHARACTERS_MAX = 65_536;

const encoder = new TextEncoder();

/** Serves `call` with what the request's body says. The response lives until the client goes. */
export async function streamWatch(
  request: Request,
  call: WatchCall,
  intake: BodyIntake,
): Promise<Response> {
  const messages = new JsonMessages(request.body, intake);
  try {
    await receiveOne(messages, call);
  } catch (error) {
    call.end();
    return streamFault(error);
  }
  return lineStreamResponse(responseLines(messages, call));
}

/** Reads and obeys the next message. Returns whether there was one. */
async function receiveOne(messages: JsonMessages, call: WatchCall): Promise<boolean> {
  const text = await messages.next();
  if (text === null) return false;
  call.send(decodeValue(WatchRequest, text));
  return true;
}

/**
 * Obeys the body's further messages. Like etcd's gateway, it stops listening at the first bad one
 * and at the end of the body; the watches go on.
 */
async function receiveAll(messages: JsonMessages, call: WatchCall): Promise<void> {
  try {
    while (!call.ended) {
      if (call.full) await call.drained();
      else if (!await receiveOne(messages, call)) return;
    }
  } catch (error) {
    // What is no message says nothing more. A body that breaks off means that the client has gone.
    const { code } = toRpcError(error);
    if (!isMalformed(error)) call.end(code === GrpcCode.Canceled ? null : toRpcError(error));
  }
}

function responseLines(messages: JsonMessages, call: WatchCall): ReadableStream<Uint8Array> {
  let receiving: Promise<void> | null = null;
  const end = async () => {
    call.end();
    await messages.cancel();
    await receiving;
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      receiving ??= receiveAll(messages, call);
      let lines = takeLines(call);
      while (lines === "" && !call.ended) {
        await call.readable();
        lines = takeLines(call);
      }
      if (lines !== "") controller.enqueue(encoder.encode(lines));
      if (!call.ended) return;
      if (call.failure !== null) {
        controller.enqueue(encoder.encode(errorLine(toRpcError(call.failure))));
      }
      controller.close();
      await end();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

/** What is there now, as lines. Back-pressure: what nobody pulls stays in the watch's queue. */
function takeLines(call: WatchCall): string {
  let lines = "";
  while (lines.length < CHUNK_CHARACTERS_MAX) {
    const response = call.take();
    if (response === null) break;
    lines += `{"result":${toJson(WatchResponse, response)}}\n`;
  }
  return lines;
}
